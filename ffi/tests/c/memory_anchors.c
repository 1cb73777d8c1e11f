/* Anchors, areas, what detectors see and what fades. */
#include "memory.h"

#include <math.h>

static void anchors(void)
{
    xrmesh_memory memory = new_memory();
    const xrmesh_class_id cup = class_of(memory, "cup");
    xrmesh_pose pose = at(10, 0, 0), near_it = at(1, 0, 0), world_pose;
    xrmesh_anchor_id room = 0, desk = 0, found = 0, list[4];
    xrmesh_anchor shown;
    xrmesh_object object;
    xrmesh_object_id id = 0;
    xrmesh_snapshot snapshot;
    xrmesh_published published;
    char name[16];
    uint32_t count = 0;
    OK(xrmesh_memory_add_anchor(memory, TEXT("room"), XRMESH_ANCHOR_WORLD, &pose, &room));
    OK(xrmesh_memory_add_anchor(memory, TEXT("desk"), room, &near_it, &desk));
    GIVES(XRMESH_ERROR_NAME_TAKEN, xrmesh_memory_add_anchor(memory, TEXT("desk"), room, &near_it, &found));
    GIVES(XRMESH_ERROR_UNKNOWN_ANCHOR, xrmesh_memory_add_anchor(memory, TEXT("x"), 77, &near_it, &found));
    xrmesh_object_default(&object);
    object.class_id = cup;
    object.anchor = desk;
    object.pose = at(0, 0.5f, 0);
    OK(xrmesh_memory_insert(memory, &object, &id, 1, NULL, 0, NULL));
    OK(xrmesh_memory_publish(memory, 0, &published));
    snapshot = snapshot_of(memory);
    OK(xrmesh_snapshot_world_poses(snapshot, &id, &world_pose, 1));
    CHECK(world_pose.position[0] == 11 && world_pose.position[1] == 0.5f);
    OK(xrmesh_snapshot_find_anchor(snapshot, TEXT("desk"), &found));
    CHECK(found == desk);
    OK(xrmesh_snapshot_anchor(snapshot, desk, &shown, name, sizeof name));
    CHECK(shown.parent == room && shown.world_pose.position[0] == 11 && shown.name_len == 4 && memcmp(name, "desk", 4) == 0);
    OK(xrmesh_snapshot_anchors(snapshot, list, 4, &count));
    CHECK(count == 2 && list[0] == room && list[1] == desk);

    /* A correction moves all that hangs there; who holds a snapshot sees what was. */
    pose = at(20, 0, 0);
    OK(xrmesh_memory_correct_anchor(memory, room, &pose));
    OK(xrmesh_memory_anchor(memory, room, &shown, NULL, 0));
    CHECK(shown.pose.position[0] == 20);
    OK(xrmesh_memory_publish(memory, 1, &published));
    CHECK(published.is_corrected == 1);
    OK(xrmesh_snapshot_world_poses(snapshot, &id, &world_pose, 1));
    CHECK(world_pose.position[0] == 11);
    OK(xrmesh_snapshot_destroy(snapshot));
    snapshot = snapshot_of(memory);
    OK(xrmesh_snapshot_world_poses(snapshot, &id, &world_pose, 1));
    CHECK(world_pose.position[0] == 21);
    OK(xrmesh_snapshot_destroy(snapshot));

    GIVES(XRMESH_ERROR_ANCHOR_CYCLE, xrmesh_memory_rehang_anchor(memory, room, desk, &pose));
    GIVES(XRMESH_ERROR_ANCHOR_CYCLE, xrmesh_memory_rehang_anchor(memory, room, room, &pose));
    GIVES(XRMESH_ERROR_ANCHOR_IN_USE, xrmesh_memory_remove_anchor(memory, desk));
    GIVES(XRMESH_ERROR_UNKNOWN_ANCHOR, xrmesh_memory_remove_anchor(memory, XRMESH_ANCHOR_WORLD));
    GIVES(XRMESH_ERROR_UNKNOWN_ANCHOR, xrmesh_memory_correct_anchor(memory, 77, &pose));
    pose.position[0] = NAN;
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_memory_correct_anchor(memory, room, &pose));
    OK(xrmesh_memory_hang(memory, id, XRMESH_ANCHOR_WORLD, &near_it));
    OK(xrmesh_memory_remove_anchor(memory, desk));
    GIVES(XRMESH_NONE, xrmesh_memory_find_anchor(memory, TEXT("desk"), &found));
    OK(xrmesh_memory_rehang_anchor(memory, room, XRMESH_ANCHOR_WORLD, &near_it));
    OK(xrmesh_memory_destroy(memory));
}

/* Over several frames where it is much: readers see all of it or none. */
static void a_correction_in_steps(void)
{
    enum { CUPS = 100 };
    xrmesh_memory_options options;
    xrmesh_memory memory;
    xrmesh_pose pose = at(0, 0, 0), poses[CUPS];
    xrmesh_object_id ids[CUPS];
    xrmesh_object object;
    xrmesh_anchor_id room = 0;
    xrmesh_published published;
    int i, frames;
    xrmesh_memory_options_default(&options);
    options.correction_budget = 10;
    OK(xrmesh_memory_create(&options, &memory));
    class_of(memory, "cup");
    OK(xrmesh_memory_add_anchor(memory, NULL, 0, XRMESH_ANCHOR_WORLD, &pose, &room));
    xrmesh_object_default(&object);
    object.anchor = room;
    for (i = 0; i < CUPS; i++)
        OK(xrmesh_memory_insert(memory, &object, &ids[i], 1, NULL, 0, NULL));
    publish_ms(memory, 0);
    pose = at(5, 0, 0);
    OK(xrmesh_memory_correct_anchor(memory, room, &pose));
    for (frames = 1;; frames++) {
        xrmesh_snapshot snapshot;
        OK(xrmesh_memory_publish(memory, frames * 1000000, &published));
        snapshot = snapshot_of(memory);
        OK(xrmesh_snapshot_world_poses(snapshot, ids, poses, CUPS));
        for (i = 0; i < CUPS; i++)
            CHECK(poses[i].position[0] == (published.is_corrected ? 5 : 0));
        OK(xrmesh_snapshot_destroy(snapshot));
        if (published.is_corrected)
            break;
        CHECK(frames < 50);
    }
    CHECK(frames > 3);
    OK(xrmesh_memory_destroy(memory));
}

static void areas(void)
{
    static const xrmesh_point CORNERS[4] = {{0, 0, 0}, {4, 0, 0}, {4, 2.5f, -4}, {0, 2.5f, -4}};
    static char LONG[300];
    xrmesh_memory memory = new_memory();
    xrmesh_area area;
    xrmesh_area_shape shape;
    xrmesh_area_id id = 9, list[2];
    xrmesh_snapshot snapshot;
    xrmesh_point corners[4];
    char text[32];
    uint32_t count = 0;
    xrmesh_area_default(&area);
    area.name = "kitchen";
    area.name_len = 7;
    area.kind = "room";
    area.kind_len = 4;
    area.properties = "{}";
    area.properties_len = 2;
    area.corners = CORNERS;
    area.corner_count = 4;
    area.name_len = 300;
    area.name = LONG;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_add_area(memory, &area, &id));
    area.name = "kitchen";
    area.name_len = 7;
    OK(xrmesh_memory_add_area(memory, &area, &id));
    area.up_axis = 3;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_memory_replace_area(memory, id, &area));
    area.up_axis = 1;
    area.corner_count = 3;
    OK(xrmesh_memory_replace_area(memory, id, &area));
    GIVES(XRMESH_ERROR_UNKNOWN_AREA, xrmesh_memory_replace_area(memory, id + 1, &area));
    publish_ms(memory, 0);
    snapshot = snapshot_of(memory);
    OK(xrmesh_snapshot_areas(snapshot, list, 2, &count));
    CHECK(count == 1 && list[0] == id);
    OK(xrmesh_snapshot_area(snapshot, id, &shape, text, sizeof text, corners, 4));
    CHECK(shape.corner_count == 3 && shape.up_axis == 1 && shape.name_len == 7 && memcmp(text, "kitchenroom{}", 13) == 0);
    CHECK(corners[2].y == 2.5f);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_snapshot_area(snapshot, id, &shape, text, sizeof text, corners, 2));
    OK(xrmesh_memory_remove_area(memory, id));
    GIVES(XRMESH_ERROR_UNKNOWN_AREA, xrmesh_memory_remove_area(memory, id));
    OK(xrmesh_snapshot_destroy(snapshot));
    OK(xrmesh_memory_destroy(memory));
}

static xrmesh_observation seen(xrmesh_class_id class_id, float x)
{
    xrmesh_observation observation;
    xrmesh_observation_default(&observation);
    observation.class_id = class_id;
    observation.pose.position[0] = x;
    return observation;
}

static void detectors(void)
{
    xrmesh_memory memory = new_memory();
    const xrmesh_class_id chair = class_of(memory, "chair");
    xrmesh_class_options options;
    xrmesh_observation five[5], other[5];
    xrmesh_fused first[5], again[5];
    xrmesh_observer observer;
    xrmesh_region sight;
    xrmesh_aged aged;
    xrmesh_memory_stats stats;
    xrmesh_departure gone[8];
    uint32_t i, count = 0, faded = 0;
    for (i = 0; i < 5; i++)
        five[i] = seen(chair, 0.6f * (float)i);
    OK(xrmesh_memory_observe(memory, five, first, 5, NULL, 0, 0));
    for (i = 0; i < 5; i++) {
        CHECK(first[i].how == XRMESH_FUSED_CREATED);
        other[i] = seen(chair, 0.6f * (float)(4 - i) + 0.05f);
    }
    OK(xrmesh_memory_observe(memory, other, again, 5, NULL, 0, 33000000));
    for (i = 0; i < 5; i++)
        CHECK(again[i].how == XRMESH_FUSED_UPDATED && again[i].object == first[4 - i].object);
    /* Nothing of a batch that is refused. */
    five[3].confidence = NAN;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_observe(memory, five, first, 5, NULL, 0, 66000000));
    CHECK(said("observation 3"));
    five[3].confidence = 1;
    five[3].pose.position[2] = INFINITY;
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_memory_observe(memory, five, first, 5, NULL, 0, 66000000));
    five[3] = seen(9, 0);
    GIVES(XRMESH_ERROR_UNKNOWN_CLASS, xrmesh_memory_observe(memory, five, first, 5, NULL, 0, 66000000));
    OK(xrmesh_memory_observe(memory, NULL, NULL, 0, NULL, 0, 66000000));

    xrmesh_class_options_default(&options);
    OK(xrmesh_memory_class_options(memory, chair, &options));
    CHECK(options.gate_m == 0.5f && options.half_life_ns == 60000000000);
    options.half_life_ns = 1000000000;
    options.patience_ns = 0;
    OK(xrmesh_memory_set_class_options(memory, chair, &options));
    options.gain = 2;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_set_class_options(memory, chair, &options));
    GIVES(XRMESH_ERROR_UNKNOWN_CLASS, xrmesh_memory_class_options(memory, 5, &options));
    OK(xrmesh_memory_set_durability(memory, chair, XRMESH_DURABILITY_INTERVAL, 9));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_set_durability(memory, chair, XRMESH_DURABILITY_INTERVAL, 0));

    /* A scanner that sees the first three and finds none of them. */
    memset(&observer, 0, sizeof observer);
    xrmesh_region_default(&sight);
    sight.radius = 1.5f;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_memory_age(memory, &observer, 1, 0, NULL));
    observer.sight = &sight;
    for (i = 1; i < 20; i++) {
        OK(xrmesh_memory_age(memory, &observer, 1, (int64_t)i * 1000000000, &aged));
        faded += aged.faded;
    }
    CHECK(faded == 3);
    OK(xrmesh_memory_departures(memory, gone, 8, &count));
    CHECK(count == 3 && gone[0].removal == XRMESH_REMOVAL_FADED);
    xrmesh_memory_stats_default(&stats);
    OK(xrmesh_memory_counters(memory, &stats));
    CHECK(stats.objects == 2);
    observer.eye[1] = NAN;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_memory_age(memory, &observer, 1, 20000000000, NULL));
    observer.occlusion = 2;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_memory_age(memory, &observer, 1, 20000000000, NULL));
    OK(xrmesh_memory_destroy(memory));
}

void test_memory_anchors(void)
{
    anchors();
    a_correction_in_steps();
    areas();
    detectors();
}
