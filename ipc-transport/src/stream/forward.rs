//! Reading and writing handed on to a part: the poll methods of a type that only contains a stream.

/// Implements `AsyncRead` by a part: `forward_read!(Outer, this => this.part);`.
///
/// The parameters of a generic type follow it: `forward_read!(Outer<S> where [S: Unpin], ..)`. The
/// part is a place that can be borrowed, of a type that is `Unpin`.
macro_rules! forward_read {
    ($outer:ty $(where [$($generics:tt)*])?, $this:ident => $part:expr) => {
        impl$(<$($generics)*>)? tokio::io::AsyncRead for $outer {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $part).poll_read(cx, buf)
            }
        }
    };
}
pub(crate) use forward_read;

/// Implements `AsyncWrite` by a part: `forward_write!(Outer, this => this.part);`.
macro_rules! forward_write {
    ($outer:ty $(where [$($generics:tt)*])?, $this:ident => $part:expr) => {
        impl$(<$($generics)*>)? tokio::io::AsyncWrite for $outer {
            #[inline]
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $part).poll_write(cx, buf)
            }

            #[inline]
            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $part).poll_write_vectored(cx, bufs)
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                let $this = self;
                $part.is_write_vectored()
            }

            #[inline]
            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $part).poll_flush(cx)
            }

            #[inline]
            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $part).poll_shutdown(cx)
            }
        }
    };
}
pub(crate) use forward_write;
