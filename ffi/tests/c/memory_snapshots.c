/* What readers see: while the memory goes on, from other threads, of the past, and by subscriptions. */
#include "memory.h"

#include <math.h>
#include <pthread.h>

static void isolation(void)
{
    xrmesh_memory memory = new_memory();
    const xrmesh_class_id ball = class_of(memory, "ball");
    const xrmesh_object_id id = put(memory, ball, 0, 0, 0);
    xrmesh_pose away = at(50, 0, 0);
    xrmesh_snapshot before, after;
    xrmesh_snapshot_state state;
    xrmesh_workspace workspace;
    xrmesh_published published;
    OK(xrmesh_workspace_create(0, &workspace));
    before = snapshot_of(memory);
    CHECK(near_origin(before, workspace, 1) == 0); /* nothing was published */
    OK(xrmesh_snapshot_destroy(before));
    GIVES(XRMESH_NONE, xrmesh_memory_published(memory, &published));
    OK(xrmesh_memory_publish(memory, 7, &published));
    CHECK(published.version == 1 && published.is_corrected == 1 && published.store == XRMESH_OK);
    before = snapshot_of(memory);
    OK(xrmesh_memory_update_poses(memory, &id, &away, 1));
    put(memory, ball, 0, 0, 0);
    put(memory, ball, 0, 0, 0);
    CHECK(near_origin(before, workspace, 1) == 1);
    OK(xrmesh_memory_publish(memory, 8, &published));
    after = snapshot_of(memory);
    CHECK(near_origin(before, workspace, 1) == 1 && near_origin(after, workspace, 1) == 2);
    CHECK(near_origin(before, workspace, 100) == 1 && near_origin(after, workspace, 100) == 3);
    OK(xrmesh_snapshot_describe(after, &state));
    CHECK(state.version == 2 && state.time_ns == 8 && state.objects == 3);
    OK(xrmesh_snapshot_describe(before, &state));
    CHECK(state.version == 1 && state.time_ns == 7 && state.objects == 1);
    OK(xrmesh_memory_destroy(memory));
    CHECK(near_origin(before, workspace, 1) == 1 && near_origin(after, workspace, 1) == 2);
    OK(xrmesh_snapshot_destroy(before));
    OK(xrmesh_snapshot_destroy(after));
    OK(xrmesh_workspace_destroy(workspace));
}

enum { BALLS = 200, FRAMES = 300 };

static xrmesh_memory shared;
static xrmesh_object_id balls[BALLS];
static int stop;

/* All balls lie in one plane, which moves: whoever sees two planes saw half a frame. */
static void *reads(void *unused)
{
    const xrmesh_point origin = point(0, 0, 0);
    xrmesh_workspace workspace;
    uint64_t looks = 0;
    OK(xrmesh_workspace_create(BALLS, &workspace));
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE) || looks < 10) {
        xrmesh_snapshot snapshot;
        xrmesh_snapshot_state state;
        xrmesh_found found[BALLS];
        xrmesh_pose poses[BALLS];
        uint32_t count = 0, i;
        OK(xrmesh_memory_snapshot(shared, &snapshot));
        OK(xrmesh_snapshot_describe(snapshot, &state));
        OK(xrmesh_snapshot_nearest(snapshot, workspace, &origin, NULL, found, BALLS, &count));
        CHECK(count == BALLS && state.objects == BALLS);
        OK(xrmesh_snapshot_world_poses(snapshot, balls, poses, BALLS));
        for (i = 0; i < BALLS; i++)
            CHECK(poses[i].position[1] == (float)(state.time_ns / 1000000));
        OK(xrmesh_snapshot_destroy(snapshot));
        looks++;
    }
    OK(xrmesh_workspace_destroy(workspace));
    return unused;
}

static void *destroys(void *snapshot)
{
    OK(xrmesh_snapshot_destroy(*(xrmesh_snapshot *)snapshot));
    return NULL;
}

static void readers_beside_the_writer(void)
{
    static xrmesh_pose poses[BALLS];
    pthread_t readers[2], other;
    xrmesh_snapshot first;
    xrmesh_class_id ball;
    int frame, i;
    shared = new_memory();
    ball = class_of(shared, "ball");
    for (i = 0; i < BALLS; i++)
        balls[i] = put(shared, ball, (float)i, 0, 0);
    publish_ms(shared, 0);
    first = snapshot_of(shared);
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&readers[i], NULL, reads, NULL) == 0);
    for (frame = 1; frame <= FRAMES; frame++) {
        for (i = 0; i < BALLS; i++)
            poses[i] = at((float)i, (float)frame, 0);
        OK(xrmesh_memory_update_poses(shared, balls, poses, BALLS));
        publish_ms(shared, frame);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 2; i++)
        CHECK(pthread_join(readers[i], NULL) == 0);
    OK(xrmesh_memory_destroy(shared));
    OK(xrmesh_snapshot_world_poses(first, balls, poses, BALLS));
    CHECK(poses[7].position[1] == 0);
    CHECK(pthread_create(&other, NULL, destroys, &first) == 0);
    CHECK(pthread_join(other, NULL) == 0);
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_snapshot_world_poses(first, balls, poses, BALLS));
}

/* A second thread in what is one thread's at a time, and a destroy that races with it. */
static void *publishes(void *unused)
{
    int i;
    for (i = 0; i < 2000; i++) {
        const xrmesh_status status = xrmesh_memory_publish(shared, 0, NULL);
        CHECK(status == XRMESH_OK || status == XRMESH_ERROR_BUSY || status == XRMESH_ERROR_INVALID_HANDLE);
    }
    return unused;
}

static void destroying_races_with_calls(void)
{
    pthread_t threads[2];
    int i, round;
    for (round = 0; round < 5; round++) {
        shared = new_memory();
        put(shared, class_of(shared, "a"), 0, 0, 0);
        for (i = 0; i < 2; i++)
            CHECK(pthread_create(&threads[i], NULL, publishes, NULL) == 0);
        OK(xrmesh_memory_destroy(shared));
        for (i = 0; i < 2; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void the_past(void)
{
    xrmesh_memory_options options;
    xrmesh_memory memory = new_memory();
    xrmesh_snapshot snapshot;
    xrmesh_workspace workspace;
    xrmesh_memory_stats stats;
    xrmesh_object_id id;
    int second;
    GIVES(XRMESH_ERROR_NO_PAST, xrmesh_memory_as_of(memory, 0, &snapshot));
    CHECK(said("history"));
    OK(xrmesh_memory_destroy(memory));
    OK(xrmesh_workspace_create(0, &workspace));
    xrmesh_memory_options_default(&options);
    options.history_bytes = 1 << 20;
    options.history_ns = 60000000000;
    OK(xrmesh_memory_create(&options, &memory));
    id = put(memory, class_of(memory, "cat"), 0, 0, 0);
    for (second = 0; second < 10; second++) {
        const xrmesh_pose pose = at((float)second, 0, 0);
        OK(xrmesh_memory_update_poses(memory, &id, &pose, 1));
        publish_ms(memory, second * 1000);
    }
    OK(xrmesh_memory_as_of(memory, 2500000000, &snapshot));
    CHECK(near_origin(snapshot, workspace, 2) == 1);
    OK(xrmesh_snapshot_destroy(snapshot));
    OK(xrmesh_memory_as_of(memory, 3500000000, &snapshot));
    CHECK(near_origin(snapshot, workspace, 2) == 0);
    OK(xrmesh_memory_remove(memory, id));
    publish_ms(memory, 10000);
    CHECK(near_origin(snapshot, workspace, 4) == 1);
    OK(xrmesh_snapshot_destroy(snapshot));
    GIVES(XRMESH_ERROR_NO_PAST, xrmesh_memory_as_of(memory, -1, &snapshot));
    xrmesh_memory_stats_default(&stats);
    OK(xrmesh_memory_counters(memory, &stats));
    CHECK(stats.has_past == 1 && stats.oldest_past_ns == 0 && stats.past_bytes > 0);
    OK(xrmesh_memory_destroy(memory));
    OK(xrmesh_workspace_destroy(workspace));
}

static void subscriptions(void)
{
    xrmesh_memory memory = new_memory();
    const xrmesh_class_id cat = class_of(memory, "cat"), dog = class_of(memory, "dog");
    xrmesh_subscription all, kitchen, few;
    xrmesh_notice notices[16];
    xrmesh_region room;
    xrmesh_filter cats;
    xrmesh_object_id id, other;
    xrmesh_pose pose;
    uint32_t count = 0, i;
    xrmesh_region_default(&room);
    room.radius = 2;
    xrmesh_filter_default(&cats);
    cats.mode = XRMESH_FILTER_ONLY;
    cats.classes = &cat;
    cats.class_count = 1;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_subscribe(memory, NULL, NULL, 0, &all));
    OK(xrmesh_memory_subscribe(memory, NULL, NULL, 8, &all));
    OK(xrmesh_memory_subscribe(memory, &room, &cats, 8, &kitchen));
    OK(xrmesh_memory_subscribe(memory, NULL, NULL, 3, &few));
    id = put(memory, cat, 10, 0, 0);
    other = put(memory, dog, 0, 0, 0);
    publish_ms(memory, 1);
    OK(xrmesh_subscription_poll(all, notices, 16, &count));
    CHECK(count == 2 && notices[0].object == id && notices[0].event == XRMESH_NOTICE_ADDED && notices[0].class_id == cat);
    CHECK(notices[1].at_ns == 1000000);
    OK(xrmesh_subscription_poll(kitchen, notices, 16, &count));
    CHECK(count == 0);
    pose = at(1, 0, 0);
    OK(xrmesh_memory_update_poses(memory, &id, &pose, 1));
    publish_ms(memory, 2);
    OK(xrmesh_subscription_poll(kitchen, notices, 16, &count));
    CHECK(count == 1 && notices[0].object == id && notices[0].event == XRMESH_NOTICE_ENTERED);
    OK(xrmesh_memory_merge(memory, id, other));
    publish_ms(memory, 3);
    OK(xrmesh_subscription_poll(kitchen, notices, 16, &count));
    CHECK(count == 1 && notices[0].event == XRMESH_NOTICE_REMOVED && notices[0].removal == XRMESH_REMOVAL_MERGED);
    CHECK(notices[0].into == other);

    /* More than the queue holds: a mark, and then nothing until all was taken. */
    for (i = 0; i < 10; i++)
        put(memory, dog, 0, 0, 0);
    publish_ms(memory, 4);
    GIVES(XRMESH_MORE, xrmesh_subscription_poll(few, notices, 2, &count));
    CHECK(count == 2);
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_subscription_poll(few, NULL, 0, &count));
    OK(xrmesh_subscription_poll(few, notices, 16, &count));
    CHECK(count >= 1 && notices[count - 1].event == XRMESH_NOTICE_MISSED && notices[count - 1].object == 0);
    put(memory, dog, 0, 0, 0);
    publish_ms(memory, 5);
    OK(xrmesh_subscription_poll(few, notices, 16, &count));
    CHECK(count == 1 && notices[0].event == XRMESH_NOTICE_ADDED);
    OK(xrmesh_subscription_destroy(few));
    publish_ms(memory, 6);
    OK(xrmesh_memory_destroy(memory));
    while (xrmesh_subscription_poll(all, notices, 16, &count) != XRMESH_END)
        CHECK(count > 0);
    OK(xrmesh_subscription_destroy(all));
    OK(xrmesh_subscription_destroy(kitchen));
}

void test_memory_snapshots(void)
{
    isolation();
    readers_beside_the_writer();
    destroying_races_with_calls();
    the_past();
    subscriptions();
}
