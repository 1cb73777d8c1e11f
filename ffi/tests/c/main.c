/* Runs the tests that are named, or all. */
#include "check.h"

static const struct {
    const char *name;
    void (*run)(void);
} TESTS[] = {
    {"lives", test_lives},
    {"arguments", test_arguments},
    {"structs", test_structs},
    {"errors", test_errors},
    {"messages", test_messages},
    {"frames", test_frames},
    {"callbacks", test_callbacks},
    {"topics_and_links", test_topics_and_links},
    {"records", test_records},
    {"streams", test_streams},
    {"photonic", test_photonic},
    {"threads", test_threads},
    {"memory", test_memory},
    {"memory_queries", test_memory_queries},
    {"memory_snapshots", test_memory_snapshots},
    {"memory_stores", test_memory_stores},
    {"memory_anchors", test_memory_anchors},
    {"memory_in_mesh", test_memory_in_mesh},
    {"shutdown", test_shutdown},
};

int main(int count, char **names)
{
    size_t i;
    int at;
    for (i = 0; i < sizeof TESTS / sizeof TESTS[0]; i++) {
        int wanted = count == 1;
        for (at = 1; at < count; at++)
            wanted |= strcmp(names[at], TESTS[i].name) == 0;
        if (wanted) {
            uint32_t left = 0;
            TESTS[i].run();
            OK(xrmesh_shutdown_all(&left));
            if (left != 0) {
                fprintf(stderr, "%s left %u handles\n", TESTS[i].name, left);
                return 1;
            }
            printf("%s: ok\n", TESTS[i].name);
            fflush(stdout); /* a child of a later test's would print it again */
        }
    }
    return 0;
}
