/* Loads the library, uses it, and unloads it, as editors and plugin hosts do.
 *
 *   unload LIBRARY cycles COUNT    by dlopen, in a thread that ends before dlclose: nothing stays mapped
 *   unload LIBRARY threads         which threads are there while a mesh lives, and after its end
 */
#define _GNU_SOURCE
#include "xrmesh.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                       \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static const char *path;
static void *loaded;

/* Through a union: ISO C has no cast from an object's pointer to a function's. */
#define FUNCTION(name)                                                                                       \
    union {                                                                                                  \
        void *found;                                                                                         \
        __typeof__(&name) call;                                                                              \
    } name##_ = {dlsym(loaded, #name)};                                                                      \
    CHECK(name##_.found != NULL)

static int threads_here(void)
{
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* A thread that was joined leaves /proc a moment later. */
static int threads_settled(int expected)
{
    int tries;
    for (tries = 0; tries < 2000 && threads_here() != expected; tries++)
        usleep(1000);
    return threads_here();
}

static int is_mapped(void)
{
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    int found = 0;
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL)
        found |= strstr(line, "libxrmesh") != NULL;
    fclose(maps);
    return found;
}

/* A mesh with agents, messages both ways, a sender, a processor that computes, a drive, and an error. */
static void use(uint32_t workers)
{
    FUNCTION(xrmesh_mesh_options_default);
    FUNCTION(xrmesh_mesh_create);
    FUNCTION(xrmesh_mesh_spawn);
    FUNCTION(xrmesh_mesh_submit);
    FUNCTION(xrmesh_send_default);
    FUNCTION(xrmesh_mesh_tick);
    FUNCTION(xrmesh_mesh_poll);
    FUNCTION(xrmesh_mesh_drive);
    FUNCTION(xrmesh_mesh_halt);
    FUNCTION(xrmesh_mesh_destroy);
    FUNCTION(xrmesh_driver_options_default);
    FUNCTION(xrmesh_processor_options_default);
    FUNCTION(xrmesh_processor_create);
    FUNCTION(xrmesh_processor_forward);
    FUNCTION(xrmesh_processor_destroy);
    FUNCTION(xrmesh_shutdown_all);
    static const double weights[4] = {1, 0, 0, 1};
    static const float values[64];
    float outputs[64];
    xrmesh_mesh_options options;
    xrmesh_processor_options processor_options;
    xrmesh_driver_options driver_options;
    xrmesh_processor processor;
    xrmesh_layer layer;
    xrmesh_mesh mesh;
    xrmesh_agent_id agents[64];
    xrmesh_send sends[64];
    xrmesh_message messages[64];
    xrmesh_poll_result got;
    uint32_t left = 0, i;
    const int before = threads_here();

    xrmesh_mesh_options_default_.call(&options);
    options.worker_threads = workers;
    CHECK(xrmesh_mesh_create_.call(&options, &mesh) == XRMESH_OK);
    for (i = 0; i < 64; i++) {
        CHECK(xrmesh_mesh_spawn_.call(mesh, NULL, &agents[i]) == XRMESH_OK);
        xrmesh_send_default_.call(&sends[i]);
        sends[i].target = agents[i];
    }
    CHECK(xrmesh_mesh_submit_.call(mesh, sends, 64, NULL, 0, NULL, NULL) == XRMESH_OK);
    CHECK(xrmesh_mesh_tick_.call(mesh, 1, XRMESH_UNLIMITED, NULL) == XRMESH_OK);
    CHECK(xrmesh_mesh_poll_.call(mesh, messages, 64, NULL, 0, &got) == XRMESH_OK);
    CHECK(got.message_count == 64);
    CHECK(xrmesh_mesh_tick_.call(mesh, 0, 0, NULL) == XRMESH_ERROR_TIME_WENT_BACK);

    memset(&layer, 0, sizeof layer);
    layer.rows = layer.columns = 2;
    xrmesh_processor_options_default_.call(&processor_options);
    CHECK(xrmesh_processor_create_.call(&processor_options, &layer, 1, weights, 4, &processor) == XRMESH_OK);
    CHECK(xrmesh_processor_forward_.call(processor, values, 64, 32, 0, outputs, 64) == XRMESH_OK);
    CHECK(xrmesh_processor_destroy_.call(processor) == XRMESH_OK);

    /* With 0 and with 1 the caller's thread is the only one. */
    CHECK(threads_here() == before + (workers > 1 ? (int)workers - 1 : 0));
    xrmesh_driver_options_default_.call(&driver_options);
    if (workers > 0) {
        CHECK(xrmesh_mesh_drive_.call(mesh, &driver_options) == XRMESH_OK);
        CHECK(threads_here() == before + (workers > 1 ? (int)workers - 1 : 0) + 1);
        CHECK(xrmesh_mesh_halt_.call(mesh) == XRMESH_OK);
    }
    CHECK(xrmesh_mesh_destroy_.call(mesh) == XRMESH_OK);
    CHECK(threads_settled(before) == before);
    CHECK(xrmesh_shutdown_all_.call(&left) == XRMESH_OK && left == 0);
}

static void *use_without_threads(void *unused)
{
    use(0);
    return unused;
}

int main(int count, char **words)
{
    if (count < 3)
        return 2;
    path = words[1];
    if (strcmp(words[2], "threads") == 0) {
        uint32_t workers;
        loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        CHECK(loaded != NULL);
        for (workers = 0; workers <= 4; workers++) {
            use(workers);
            printf("%u workers: no thread stays\n", workers);
        }
    } else {
        const int cycles = count > 3 ? atoi(words[3]) : 100;
        int cycle;
        for (cycle = 0; cycle < cycles; cycle++) {
            pthread_t thread;
            CHECK(!is_mapped());
            loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            if (loaded == NULL)
                fprintf(stderr, "%s\n", dlerror());
            CHECK(loaded != NULL && is_mapped());
            CHECK(pthread_create(&thread, NULL, use_without_threads, NULL) == 0);
            CHECK(pthread_join(thread, NULL) == 0);
            CHECK(dlclose(loaded) == 0);
            if (is_mapped()) {
                fprintf(stderr, "still mapped after dlclose, cycle %d\n", cycle);
                return 1;
            }
        }
        printf("%d cycles: nothing stays mapped\n", cycles);
    }
    return 0;
}
