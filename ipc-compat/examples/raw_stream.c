/* The peer of raw_stream.rs: plain C on a Unix socket, with numbers in explicit byte order.
 *
 *     cc -o raw_stream raw_stream.c && ./raw_stream /tmp/app.world
 *
 * Ends with status 0 if the answer is right.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void put(unsigned char *out, uint64_t value, int bytes, int big_endian) {
    for (int at = 0; at < bytes; at++) {
        int shift = 8 * (big_endian ? bytes - 1 - at : at);
        out[at] = (unsigned char)(value >> shift);
    }
}

static uint64_t get(const unsigned char *in, int bytes, int big_endian) {
    uint64_t value = 0;
    for (int at = 0; at < bytes; at++) {
        value = value << 8 | in[big_endian ? at : bytes - 1 - at];
    }
    return value;
}

int main(int count, char **words) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (count != 2 || strlen(words[1]) >= sizeof address.sun_path) {
        fprintf(stderr, "usage: raw_stream PATH\n");
        return 2;
    }
    strcpy(address.sun_path, words[1]);
    int peer = socket(AF_UNIX, SOCK_STREAM, 0);
    if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("connect");
        return 2;
    }

    unsigned char sent[14], got[14];
    double reading = -0.15625;
    uint64_t bits;
    memcpy(&bits, &reading, sizeof bits);
    put(sent, 7, 2, 1);
    put(sent + 2, (uint32_t)-100000, 4, 1);
    put(sent + 6, bits, 8, 0);
    if (write(peer, sent, sizeof sent) != sizeof sent) {
        perror("write");
        return 2;
    }

    size_t have = 0;
    while (have < sizeof got) {
        ssize_t more = read(peer, got + have, sizeof got - have);
        if (more <= 0) {
            fprintf(stderr, "the answer ends after %zu bytes\n", have);
            return 1;
        }
        have += (size_t)more;
    }
    close(peer);

    bits = get(got + 6, 8, 1);
    memcpy(&reading, &bits, sizeof reading);
    int32_t value = (int32_t)get(got + 2, 4, 0);
    printf("got number %d, value %d, reading %g\n", (int)get(got, 2, 1), (int)value, reading);
    return get(got, 2, 1) == 7 && value == 100000 && reading == -0.3125 ? 0 : 1;
}
