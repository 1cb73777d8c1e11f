/* The few words more that the tests of the spatial memory are written in. */
#ifndef MEMORY_H
#define MEMORY_H

#include "check.h"

/* A text and its bytes. */
#define TEXT(text) text, (uint32_t)(sizeof text - 1)

static inline xrmesh_memory new_memory(void)
{
    xrmesh_memory_options options;
    xrmesh_memory memory;
    xrmesh_memory_options_default(&options);
    OK(xrmesh_memory_create(&options, &memory));
    return memory;
}

static inline xrmesh_class_id class_of(xrmesh_memory memory, const char *label)
{
    xrmesh_class_id class_id = 0;
    OK(xrmesh_memory_class(memory, label, (uint32_t)strlen(label), &class_id));
    return class_id;
}

static inline xrmesh_pose at(float x, float y, float z)
{
    xrmesh_pose pose;
    memset(&pose, 0, sizeof pose);
    pose.position[0] = x;
    pose.position[1] = y;
    pose.position[2] = z;
    pose.orientation[3] = 1;
    return pose;
}

static inline xrmesh_point point(float x, float y, float z)
{
    xrmesh_point made;
    made.x = x;
    made.y = y;
    made.z = z;
    return made;
}

static inline xrmesh_object_id put(xrmesh_memory memory, xrmesh_class_id class_id, float x, float y, float z)
{
    xrmesh_object object;
    xrmesh_object_id id = 0;
    xrmesh_object_default(&object);
    object.class_id = class_id;
    object.pose = at(x, y, z);
    OK(xrmesh_memory_insert(memory, &object, &id, 1, NULL, 0, NULL));
    CHECK(id != 0);
    return id;
}

static inline void publish_ms(xrmesh_memory memory, int64_t milliseconds)
{
    OK(xrmesh_memory_publish(memory, milliseconds * 1000000, NULL));
}

static inline xrmesh_snapshot snapshot_of(xrmesh_memory memory)
{
    xrmesh_snapshot snapshot;
    OK(xrmesh_memory_snapshot(memory, &snapshot));
    return snapshot;
}

static inline uint64_t hash_of(xrmesh_memory memory)
{
    uint64_t hash = 0;
    OK(xrmesh_memory_state_hash(memory, &hash));
    return hash;
}

/* Objects within that distance of the origin, at most 64. */
static inline uint32_t near_origin(xrmesh_snapshot snapshot, xrmesh_workspace workspace, float radius)
{
    const xrmesh_point origin = point(0, 0, 0);
    xrmesh_found found[64];
    uint32_t count = 0;
    OK(xrmesh_snapshot_within(snapshot, workspace, &origin, radius, NULL, found, 64, &count));
    return count;
}

#endif
