// Types of calls.cjs: request and response over node-ipc's events.

export = calls;

/**
 * Makes a peer answer calls, and lets it make some.
 *
 * @param peer `ipc.server`, or `ipc.of.<id>` of a client. Call it once per peer.
 * @param methods What it answers, by name. It may be changed later.
 */
declare function calls(peer: calls.Peer, methods?: calls.Methods, options?: calls.Options): calls.Calls;

declare namespace calls {
  /** `ipc.server` or `ipc.of.<id>`. */
  interface Peer {
    on(event: string, handler: (...args: any[]) => void): unknown;
    emit(...args: any[]): unknown;
  }

  interface Options {
    /** How long a call may take, in ms; 0 is for ever. Default: 30,000. */
    timeout?: number;
    /** How many calls of one peer run at a time; the next is answered `busy`. Default: 256. */
    max?: number;
  }

  interface Context {
    /** The socket that asks; on a client `undefined`. */
    socket: unknown;
    /** Aborted when the peer cancels, its deadline is over, or its connection is lost. */
    signal: AbortSignal;
  }

  /**
   * A method. What it returns, or what its promise resolves to, is the answer; an error that it throws
   * is answered with its `code`, `message` and `data`. An async generator answers with its items.
   */
  type Method = (args: any, context: Context) => unknown;
  type Methods = Record<string, Method>;

  interface CallOptions {
    /** On a server: the socket to ask. */
    to?: unknown;
    /** How long it may take, or for a stream the longest pause before an item, in ms; 0 is for ever. */
    ms?: number;
    /** Cancels the call. */
    signal?: AbortSignal;
    /** Asks for a stream of items, each given to this function. */
    onItem?: (item: any) => void;
    /** How many items may come before more credit is given. Default: 8. */
    credit?: number;
  }

  /**
   * Why a call failed. `code` is the method's own, or `unknown_method`, `busy`, `deadline`, `cancelled`,
   * `disconnected`, `needs_stream`, `invalid_answer`.
   */
  interface CallError extends Error {
    code: string;
    data?: unknown;
  }

  interface Calls {
    /** Asks the peer. Resolves to the answer, or to `undefined` at the end of a stream. */
    call(method: string, args?: unknown, options?: CallOptions): Promise<any>;
    /** Runs a method over there, without an answer. */
    notify(method: string, args?: unknown, options?: { to?: unknown }): void;
    /** The methods that are answered. */
    methods: Methods;
  }
}
