/* Makes the disk fail to keep a file whose path has `.journal` in it, while the file that
 * `FLUSH_FAILS_WITH` names is there: flushing it then gives EIO, as a dying disk does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd) {
    char link[64], path[4096];
    const char *sign = getenv("FLUSH_FAILS_WITH");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (sign == NULL || length < 0) return 0;
    path[length] = 0;
    return strstr(path, ".journal") != NULL && access(sign, F_OK) == 0;
}

int fdatasync(int fd) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (fails(fd)) { errno = EIO; return -1; }
    return next(fd);
}

int fsync(int fd) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (fails(fd)) { errno = EIO; return -1; }
    return next(fd);
}
