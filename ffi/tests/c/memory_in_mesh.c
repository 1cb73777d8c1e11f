/* A memory in a mesh: changed by its handle and by agents, recorded and replayed. */
#include "memory.h"

static const char PATH[] = "memory.xrmrec";

typedef struct {
    xrmesh_workspace workspace;
    xrmesh_object_id moves;
    uint32_t ran, most_seen;
} watcher;

/* Sees what is near, moves an object, and reports another. */
static xrmesh_status on_tick(void *user_data, xrmesh_context context)
{
    watcher *me = (watcher *)user_data;
    const xrmesh_point origin = point(0, 0, 0);
    xrmesh_observation observation;
    xrmesh_found found[8];
    xrmesh_object object;
    xrmesh_pose pose;
    uint32_t count = 0;
    xrmesh_memory none;
    CHECK(xrmesh_context_objects_within(context, me->workspace, &origin, 100, NULL, found, 8, &count) >= 0);
    CHECK(count == 0 || found[0].object != 0);
    me->most_seen = count > me->most_seen ? count : me->most_seen;
    OK(xrmesh_context_nearest_objects(context, me->workspace, &origin, NULL, found, 1, &count));
    if (xrmesh_context_object(context, me->moves, &object, NULL, 0) != XRMESH_OK)
        return XRMESH_ERROR_CALLBACK;
    pose = at(object.pose.position[0] + 1, 0, 0);
    OK(xrmesh_context_update_poses(context, &me->moves, &pose, 1));
    xrmesh_observation_default(&observation);
    observation.pose = at(0, 0, -30);
    OK(xrmesh_context_observe(context, &observation, 1, NULL, 0));
    none.bits = 0;
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_memory_publish(none, 0, NULL));
    me->ran++;
    return XRMESH_OK;
}

/* The memory that a session begins with. */
static xrmesh_memory beginning(xrmesh_object_id *id)
{
    xrmesh_memory memory = new_memory();
    *id = put(memory, class_of(memory, "drone"), 0, 0, 0);
    return memory;
}

static xrmesh_status create(void *user_data, const uint8_t *bytes, uint32_t bytes_len, xrmesh_callbacks *callbacks)
{
    (void)bytes, (void)bytes_len;
    callbacks->flags = XRMESH_CALLBACKS_TICK;
    callbacks->user_data = user_data;
    callbacks->on_tick = on_tick;
    return XRMESH_OK;
}

static void attached(void)
{
    xrmesh_mesh mesh = new_mesh(), second = new_mesh();
    xrmesh_object_id id = 0, more = 0;
    xrmesh_memory memory = beginning(&id), other = new_memory();
    xrmesh_memory_stats stats;
    xrmesh_object object;
    xrmesh_observation observation;
    xrmesh_fused fused;
    xrmesh_published published;
    xrmesh_snapshot snapshot;
    xrmesh_pose pose = at(7, 0, 0);
    uint64_t before = 0, after = 0;
    OK(xrmesh_mesh_state_hash(mesh, &before));
    OK(xrmesh_mesh_attach_memory(mesh, memory));
    GIVES(XRMESH_ERROR_ATTACHED, xrmesh_mesh_attach_memory(second, memory));
    GIVES(XRMESH_ERROR_ATTACHED, xrmesh_mesh_attach_memory(mesh, other));
    GIVES(XRMESH_ERROR_ATTACHED, xrmesh_memory_publish(memory, 0, NULL));
    GIVES(XRMESH_ERROR_ATTACHED, xrmesh_memory_close(memory, NULL));
    GIVES(XRMESH_ERROR_NOT_ATTACHED, xrmesh_mesh_detach_memory(second, memory));
    GIVES(XRMESH_ERROR_NOT_ATTACHED, xrmesh_mesh_detach_memory(mesh, other));
    OK(xrmesh_mesh_state_hash(mesh, &after));
    CHECK(before != after);

    /* The handle goes on: each change is the mesh's command. */
    OK(xrmesh_memory_update_poses(memory, &id, &pose, 1));
    xrmesh_object_default(&object);
    OK(xrmesh_memory_insert(memory, &object, &more, 1, NULL, 0, NULL));
    xrmesh_observation_default(&observation);
    observation.object = id;
    observation.pose = at(7.25f, 0, 0);
    OK(xrmesh_memory_observe(memory, &observation, &fused, 1, NULL, 0, 0));
    CHECK(fused.object == id && fused.how == XRMESH_FUSED_UPDATED);
    GIVES(XRMESH_NONE, xrmesh_memory_published(memory, &published));
    tick_ms(mesh, 5);
    OK(xrmesh_memory_published(memory, &published));
    CHECK(published.version == 1);
    snapshot = snapshot_of(memory);
    OK(xrmesh_snapshot_object(snapshot, id, &object, NULL, 0));
    CHECK(object.pose.position[0] >= 7);
    OK(xrmesh_snapshot_destroy(snapshot));
    xrmesh_memory_stats_default(&stats);
    OK(xrmesh_memory_counters(memory, &stats));
    CHECK(stats.is_attached == 1 && stats.objects == 2);
    OK(xrmesh_mesh_detach_memory(mesh, memory));
    publish_ms(memory, 6);
    OK(xrmesh_mesh_attach_memory(mesh, memory));
    OK(xrmesh_mesh_destroy(mesh));
    GIVES(XRMESH_ERROR_CLOSED, xrmesh_memory_remove(memory, id));
    snapshot = snapshot_of(memory); /* what was published is still there */
    OK(xrmesh_snapshot_destroy(snapshot));
    OK(xrmesh_memory_destroy(memory));
    OK(xrmesh_memory_destroy(other));
    OK(xrmesh_mesh_destroy(second));
}

static void sessions(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_object_id id = 0;
    xrmesh_memory memory = beginning(&id), other, third;
    xrmesh_agent_type type;
    xrmesh_named_type named;
    xrmesh_replay_options options;
    xrmesh_replay replay;
    xrmesh_replay_tick tick;
    xrmesh_agent_id agent = 0;
    xrmesh_object object;
    xrmesh_pose pose = at(0, 3, 0);
    xrmesh_anchor_id anchor = 0;
    watcher me;
    uint64_t hash = 0, ticks = 0;
    uint32_t i;
    xrmesh_observer scanner;
    xrmesh_region sight;
    memset(&scanner, 0, sizeof scanner);
    xrmesh_region_default(&sight);
    sight.radius = 50;
    scanner.sight = &sight;
    memset(&me, 0, sizeof me);
    OK(xrmesh_workspace_create(0, &me.workspace));
    me.moves = id;
    xrmesh_agent_type_default(&type);
    type.flags = XRMESH_TYPE_TICKS;
    type.create = create;
    type.user_data = &me;
    OK(xrmesh_mesh_attach_memory(mesh, memory));
    OK(xrmesh_mesh_register(mesh, TEXT("watcher"), &type));
    OK(xrmesh_mesh_record(mesh, TEXT("memory.xrmrec"), 1));
    OK(xrmesh_mesh_spawn_as(mesh, TEXT("watcher"), NULL, 0, NULL, &agent));
    for (i = 0; i < 10; i++) {
        if (i == 4)
            OK(xrmesh_memory_add_anchor(memory, TEXT("shelf"), XRMESH_ANCHOR_WORLD, &pose, &anchor));
        OK(xrmesh_memory_age(memory, &scanner, 1, 0, NULL)); /* at the last tick's time */
        tick_ms(mesh, 11 * i);
    }
    GIVES(XRMESH_ERROR_RECORDED, xrmesh_memory_import_bytes(memory, (const uint8_t *)"{}", 2, 0, NULL));
    GIVES(XRMESH_ERROR_RECORDED, xrmesh_mesh_detach_memory(mesh, memory));
    OK(xrmesh_memory_object(memory, id, &object, NULL, 0));
    CHECK(object.pose.position[0] == 10 && me.ran == 10 && me.most_seen == 2);
    OK(xrmesh_mesh_state_hash(mesh, &hash));
    OK(xrmesh_mesh_finish_recording(mesh, NULL));
    OK(xrmesh_mesh_destroy(mesh));
    OK(xrmesh_memory_destroy(memory));

    /* The same again, with an equal memory, and not without. */
    xrmesh_replay_options_default(&options);
    memset(&named, 0, sizeof named);
    named.name = "watcher";
    named.name_len = 7;
    named.agent_type = &type;
    options.types = &named;
    options.type_count = 1;
    memory = beginning(&id);
    options.memory = memory;
    me.moves = id;
    GIVES(XRMESH_ERROR_IO, xrmesh_replay_open(TEXT("none.xrmrec"), &options, &replay));
    publish_ms(memory, -1); /* it is still the host's */
    OK(xrmesh_memory_destroy(memory));
    memory = beginning(&id);
    options.memory = memory;
    OK(xrmesh_replay_open(TEXT("memory.xrmrec"), &options, &replay));
    GIVES(XRMESH_ERROR_ATTACHED, xrmesh_memory_remove(memory, id));
    for (i = 0; i < 10; i++)
        OK(xrmesh_replay_step(replay, &tick, NULL));
    CHECK(tick.hash == hash);
    OK(xrmesh_replay_run(replay, &ticks));
    /* The session goes on, its memory with it. */
    OK(xrmesh_replay_into_mesh(replay, 16, 1024, &mesh));
    OK(xrmesh_memory_destroy(memory));
    OK(xrmesh_mesh_memory(mesh, &memory));
    OK(xrmesh_mesh_memory(mesh, &other));
    OK(xrmesh_memory_remove(memory, id));
    tick_ms(mesh, 1000);
    OK(xrmesh_mesh_detach_memory(mesh, memory));
    /* The other handle is told, also when another memory has come. */
    GIVES(XRMESH_ERROR_NOT_ATTACHED, xrmesh_memory_remove(other, id));
    third = new_memory();
    OK(xrmesh_mesh_attach_memory(mesh, third));
    GIVES(XRMESH_ERROR_NOT_ATTACHED, xrmesh_memory_remove(other, id));
    GIVES(XRMESH_ERROR_NOT_ATTACHED, xrmesh_mesh_detach_memory(mesh, other));
    OK(xrmesh_mesh_detach_memory(mesh, third));
    OK(xrmesh_memory_destroy(third));
    OK(xrmesh_memory_destroy(other));
    GIVES(XRMESH_NONE, xrmesh_mesh_memory(mesh, &other));
    OK(xrmesh_mesh_destroy(mesh));
    OK(xrmesh_memory_close(memory, NULL));
    memory = new_memory();
    options.memory = memory;
    GIVES(XRMESH_ERROR_DIVERGED, xrmesh_replay_open(TEXT("memory.xrmrec"), &options, &replay) == XRMESH_OK
                                     ? xrmesh_replay_run(replay, NULL)
                                     : XRMESH_ERROR_DIVERGED);
    OK(xrmesh_shutdown_all(NULL));
    remove(PATH);
}

void test_memory_in_mesh(void)
{
    attached();
    sessions();
}
