/* The spatial memory: its life, its objects, and what it refuses. */
#include "memory.h"

#include <math.h>

static void lives(void)
{
    xrmesh_memory_options options;
    xrmesh_memory memory = new_memory(), other;
    xrmesh_workspace workspace;
    xrmesh_subscription subscription;
    xrmesh_snapshot snapshot;
    xrmesh_checkpoint checkpoint;
    xrmesh_notice notice;
    uint32_t count = 0;
    uint64_t sequence = 9;
    OK(xrmesh_workspace_create(16, &workspace));
    OK(xrmesh_memory_subscribe(memory, NULL, NULL, 1, &subscription));
    snapshot = snapshot_of(memory);
    GIVES(XRMESH_NONE, xrmesh_memory_checkpoint(memory, &checkpoint));
    GIVES(XRMESH_NONE, xrmesh_memory_flush_behind(memory, &sequence));
    OK(xrmesh_memory_flush(memory, &sequence));
    CHECK(sequence == 0);
    OK(xrmesh_memory_destroy(memory));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_memory_destroy(memory));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_memory_publish(memory, 0, NULL));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_memory_snapshot(memory, &snapshot));
    CHECK(said("destroyed"));
    /* What outlives it. */
    CHECK(near_origin(snapshot, workspace, 1) == 0);
    GIVES(XRMESH_END, xrmesh_subscription_poll(subscription, &notice, 1, &count));
    OK(xrmesh_subscription_destroy(subscription));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_subscription_poll(subscription, &notice, 1, &count));
    OK(xrmesh_snapshot_destroy(snapshot));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_snapshot_destroy(snapshot));
    OK(xrmesh_workspace_destroy(workspace));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_workspace_clear(workspace));
    other.bits = workspace.bits;
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_memory_destroy(other));

    xrmesh_memory_options_default(&options);
    options.abi_version++;
    GIVES(XRMESH_ERROR_ABI_VERSION, xrmesh_memory_create(&options, &other));
    xrmesh_memory_options_default(&options);
    options.struct_size -= 4;
    GIVES(XRMESH_ERROR_STRUCT_SIZE, xrmesh_memory_create(&options, &other));
    xrmesh_memory_options_default(&options);
    options.max_objects = 0;
    GIVES(XRMESH_ERROR_CONFIG, xrmesh_memory_create(&options, &other));
    CHECK(said("max_objects is 0"));
    xrmesh_memory_options_default(&options);
    options.when_full = 2;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_memory_create(&options, &other));
    xrmesh_memory_options_default(&options);
    options.history_ns = -1;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_create(&options, &other));

    memory = new_memory();
    OK(xrmesh_memory_close(memory, &sequence));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_memory_close(memory, NULL));
}

static void objects(void)
{
    xrmesh_memory memory = new_memory();
    const xrmesh_class_id chair = class_of(memory, "chair"), lamp = class_of(memory, "lamp");
    xrmesh_object two[2], read;
    xrmesh_object_id ids[2] = {0, 0}, gone;
    xrmesh_pose pose = at(0, 0, 0);
    xrmesh_snapshot snapshot;
    uint8_t content[32];
    char label[8];
    uint32_t inserted = 9, len = 0;
    xrmesh_class_id found = 9;
    CHECK(chair == 0 && lamp == 1 && class_of(memory, "chair") == chair);

    xrmesh_object_default(&two[0]);
    two[1] = two[0];
    two[0].class_id = lamp;
    two[0].attributes = XRMESH_ATTRIBUTES_JSON;
    two[0].attributes_len = 2;
    two[0].name_offset = 2;
    two[0].name_len = 4;
    two[0].flags = XRMESH_OBJECT_VELOCITY;
    two[0].velocity[1] = 2;
    two[1].pose.position[0] = 3;
    OK(xrmesh_memory_insert(memory, two, ids, 2, (const uint8_t *)"{}desk", 6, &inserted));
    CHECK(inserted == 2 && ids[0] != ids[1]);
    OK(xrmesh_memory_object(memory, ids[0], &read, content, sizeof content));
    CHECK(read.id == ids[0] && read.class_id == lamp && read.attributes == XRMESH_ATTRIBUTES_JSON);
    CHECK(read.attributes_len == 2 && read.name_len == 4 && memcmp(content, "{}desk", 6) == 0);
    CHECK(read.velocity[1] == 2 && read.flags == XRMESH_OBJECT_VELOCITY && read.confidence == 1);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_memory_object(memory, ids[0], &read, content, 5));
    OK(xrmesh_memory_object(memory, ids[1], &read, NULL, 0));
    CHECK(read.attributes == XRMESH_ATTRIBUTES_NONE && read.pose.position[0] == 3);

    {
        const float features[3] = {1, 2, 3};
        OK(xrmesh_memory_set_attributes(memory, ids[1], XRMESH_ATTRIBUTES_FEATURES, (const uint8_t *)features, 12));
        OK(xrmesh_memory_object(memory, ids[1], &read, content, sizeof content));
        CHECK(read.attributes == XRMESH_ATTRIBUTES_FEATURES && memcmp(content, features, 12) == 0);
        GIVES(XRMESH_ERROR_OUT_OF_RANGE,
              xrmesh_memory_set_attributes(memory, ids[1], XRMESH_ATTRIBUTES_FEATURES, (const uint8_t *)features, 11));
        GIVES(XRMESH_ERROR_UTF8,
              xrmesh_memory_set_attributes(memory, ids[1], XRMESH_ATTRIBUTES_JSON, (const uint8_t *)"\xff", 1));
        GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_memory_set_attributes(memory, ids[1], 4, NULL, 0));
    }
    publish_ms(memory, 1);
    snapshot = snapshot_of(memory);
    OK(xrmesh_snapshot_object(snapshot, ids[0], &read, content, sizeof content));
    OK(xrmesh_snapshot_label(snapshot, lamp, label, 8, &len));
    CHECK(len == 4 && memcmp(label, "lamp", 4) == 0);
    GIVES(XRMESH_ERROR_UNKNOWN_CLASS, xrmesh_snapshot_label(snapshot, 2, label, 8, &len));
    GIVES(XRMESH_ERROR_UNKNOWN_CLASS, xrmesh_snapshot_label(snapshot, 65536, label, 8, &len));
    OK(xrmesh_snapshot_class(snapshot, TEXT("lamp"), &found));
    CHECK(found == lamp);
    GIVES(XRMESH_NONE, xrmesh_snapshot_class(snapshot, TEXT("cat"), &found));
    OK(xrmesh_snapshot_destroy(snapshot));

    /* Merged: the old id finds the other; removed: none. */
    OK(xrmesh_memory_merge(memory, ids[0], ids[1]));
    GIVES(XRMESH_ERROR_SELF_MERGE, xrmesh_memory_merge(memory, ids[0], ids[1]));
    OK(xrmesh_memory_object(memory, ids[0], &read, NULL, 0));
    CHECK(read.id == ids[1]);
    publish_ms(memory, 2);
    snapshot = snapshot_of(memory);
    {
        const xrmesh_object_id asked[3] = {ids[0], ids[1], 77};
        xrmesh_object_id resolved[3];
        OK(xrmesh_snapshot_resolve(snapshot, asked, resolved, 3));
        CHECK(resolved[0] == ids[1] && resolved[1] == ids[1] && resolved[2] == 0);
        GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_snapshot_object(snapshot, 77, &read, NULL, 0));
        {
            xrmesh_pose poses[3];
            xrmesh_box boxes[2];
            GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_snapshot_world_poses(snapshot, asked, poses, 3));
            OK(xrmesh_snapshot_world_poses(snapshot, asked, poses, 2));
            OK(xrmesh_snapshot_world_boxes(snapshot, asked, boxes, 2));
            CHECK(poses[0].position[0] == 3 && boxes[1].low[0] == 3 && boxes[1].high[0] == 3);
        }
    }
    OK(xrmesh_snapshot_destroy(snapshot));
    gone = ids[1];
    OK(xrmesh_memory_remove(memory, gone));
    GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_memory_remove(memory, gone));
    GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_memory_object(memory, gone, &read, NULL, 0));
    GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_memory_update_poses(memory, &gone, &pose, 1));
    /* The slot is used again, the id never. */
    ids[0] = put(memory, chair, 0, 0, 0);
    ids[1] = put(memory, chair, 0, 0, 0);
    CHECK(ids[0] != gone && ids[1] != gone);
    GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_memory_remove(memory, gone));
    GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_memory_remove(memory, 0));
    OK(xrmesh_memory_destroy(memory));
}

static void what_is_no_object(void)
{
    xrmesh_memory memory = new_memory();
    const xrmesh_class_id chair = class_of(memory, "chair");
    const xrmesh_object_id id = put(memory, chair, 0, 0, 0);
    const uint64_t hash = hash_of(memory);
    xrmesh_object object, plain;
    xrmesh_object_id other = 0;
    xrmesh_object_id both[2];
    xrmesh_pose poses[2];
    uint32_t inserted = 9;
    xrmesh_object_default(&plain);
#define REFUSED(status, change)                                                                                \
    object = plain;                                                                                            \
    change;                                                                                                    \
    GIVES(status, xrmesh_memory_insert(memory, &object, &other, 1, NULL, 0, &inserted));                       \
    CHECK(inserted == 0)
    REFUSED(XRMESH_ERROR_GEOMETRY, object.pose.position[1] = NAN);
    REFUSED(XRMESH_ERROR_GEOMETRY, object.pose.orientation[0] = INFINITY);
    REFUSED(XRMESH_ERROR_GEOMETRY, memset(&object.pose, 0, sizeof object.pose));
    REFUSED(XRMESH_ERROR_OUT_OF_RANGE, object.half_extents[0] = -1);
    REFUSED(XRMESH_ERROR_OUT_OF_RANGE, object.half_extents[2] = NAN);
    REFUSED(XRMESH_ERROR_OUT_OF_RANGE, object.confidence = 1.5f);
    REFUSED(XRMESH_ERROR_OUT_OF_RANGE, object.persistence = NAN);
    REFUSED(XRMESH_ERROR_OUT_OF_RANGE, object.first_seen_ns = 5);
    REFUSED(XRMESH_ERROR_OUT_OF_RANGE, object.name_len = 1);
    REFUSED(XRMESH_ERROR_UNKNOWN_CLASS, object.class_id = 1);
    REFUSED(XRMESH_ERROR_UNKNOWN_CLASS, object.class_id = 70000);
    REFUSED(XRMESH_ERROR_UNKNOWN_ANCHOR, object.anchor = 3);
    REFUSED(XRMESH_ERROR_UNKNOWN_VALUE, object.flags = 2);
    REFUSED(XRMESH_ERROR_UNKNOWN_VALUE, object.attributes = 9);
    REFUSED(XRMESH_ERROR_RESERVED, object.reserved = 1);
    /* All or none. */
    both[0] = id;
    both[1] = 77;
    poses[0] = poses[1] = at(1, 2, 3);
    GIVES(XRMESH_ERROR_UNKNOWN_OBJECT, xrmesh_memory_update_poses(memory, both, poses, 2));
    both[1] = id;
    poses[1].position[0] = NAN;
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_memory_update_poses(memory, both, poses, 2));
    CHECK(said("move 1 of 2"));
    CHECK(hash_of(memory) == hash);
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_memory_insert(memory, &plain, NULL, 1, NULL, 0, NULL));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_memory_insert(memory, &plain, &other, 1, NULL, 1, NULL));
    OK(xrmesh_memory_insert(memory, NULL, NULL, 0, NULL, 0, NULL));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_class(memory, "", 0, &object.class_id));
    OK(xrmesh_memory_publish(memory, 10, NULL));
    GIVES(XRMESH_ERROR_TIME_WENT_BACK, xrmesh_memory_publish(memory, 9, NULL));
    OK(xrmesh_memory_destroy(memory));
}

static void limits(void)
{
    xrmesh_memory_options options;
    xrmesh_memory memory;
    xrmesh_object object;
    xrmesh_object_id ids[3] = {0, 0, 0};
    xrmesh_departure departure;
    xrmesh_memory_stats stats;
    xrmesh_snapshot held[2], more;
    uint32_t count = 9;
    xrmesh_memory_options_default(&options);
    options.max_objects = 2;
    options.when_full = XRMESH_WHEN_FULL_REFUSE;
    options.max_snapshots = 1;
    OK(xrmesh_memory_create(&options, &memory));
    put(memory, class_of(memory, "a"), 0, 0, 0);
    xrmesh_object_default(&object);
    OK(xrmesh_memory_insert(memory, &object, ids, 1, NULL, 0, NULL));
    GIVES(XRMESH_ERROR_LIMIT, xrmesh_memory_insert(memory, &object, ids, 1, NULL, 0, NULL));
    publish_ms(memory, 0);
    held[0] = snapshot_of(memory);
    xrmesh_memory_stats_default(&stats);
    OK(xrmesh_memory_counters(memory, &stats));
    CHECK(stats.objects == 2 && stats.classes == 1 && stats.sequence == 3 && stats.is_attached == 0);
    OK(xrmesh_memory_remove(memory, ids[0]));
    publish_ms(memory, 1);
    held[1] = snapshot_of(memory);
    put(memory, 0, 1, 1, 1);
    GIVES(XRMESH_ERROR_SNAPSHOTS_HELD, xrmesh_memory_publish(memory, 2000000, NULL));
    OK(xrmesh_snapshot_destroy(held[0]));
    publish_ms(memory, 2);
    OK(xrmesh_snapshot_destroy(held[1]));
    OK(xrmesh_memory_destroy(memory));

    options.when_full = XRMESH_WHEN_FULL_EVICT;
    options.max_snapshots = 64;
    options.max_snapshot_bytes = 0;
    OK(xrmesh_memory_create(&options, &memory));
    class_of(memory, "a");
    object.persistence = 0.25f;
    OK(xrmesh_memory_insert(memory, &object, ids, 1, NULL, 0, NULL));
    object.persistence = 0.5f;
    OK(xrmesh_memory_insert(memory, &object, ids + 1, 1, NULL, 0, NULL));
    publish_ms(memory, 0);
    OK(xrmesh_memory_insert(memory, &object, ids + 2, 1, NULL, 0, NULL));
    OK(xrmesh_memory_departures(memory, &departure, 1, &count));
    CHECK(count == 1 && departure.object == ids[0] && departure.removal == XRMESH_REMOVAL_EVICTED);
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_memory_departures(memory, NULL, 0, &count));
    /* What a snapshot keeps beyond the limit refuses the next. */
    held[0] = snapshot_of(memory);
    OK(xrmesh_memory_remove(memory, ids[1]));
    publish_ms(memory, 1);
    GIVES(XRMESH_ERROR_SNAPSHOTS_HELD, xrmesh_memory_snapshot(memory, &more));
    CHECK(said("bytes"));
    OK(xrmesh_snapshot_object(held[0], ids[1], &object, NULL, 0));
    OK(xrmesh_snapshot_destroy(held[0]));
    publish_ms(memory, 2);
    OK(xrmesh_memory_snapshot(memory, &more));
    OK(xrmesh_snapshot_destroy(more));
    OK(xrmesh_memory_destroy(memory));
}

void test_memory(void)
{
    lives();
    objects();
    what_is_no_object();
    limits();
}
