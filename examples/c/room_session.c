/* A room scan and a headset recording drive a mesh of agents at 90 Hz, through the C interface: the room becomes objects
 * and anchors of a spatial memory, the headset's agent says where it is, a renderer's agent asks the memory what it
 * sees, characters hear it nearby and gossip, what is in view is observed again, and once an anchor is corrected.
 *
 * Time is the session's own, so the state hash repeats, with any number of workers. C11. Exit codes: 0; 1 if something
 * does not add up; 2 for a wrong option or a wrong file. */
#define _POSIX_C_SOURCE 200809L
#include "arguments.h"
#include "motion.h"
#include "xrmesh.h"

#include <time.h>

static const char HELP[] =
    "A room scan and a headset recording drive a mesh of agents at 90 Hz, through the C interface.\n"
    "\n"
    "usage: room_session [options]\n"
    "\n"
    "  --room FILE     a room scan (Quest JSON); without it a room is generated\n"
    "  --motion FILE   a headset recording (JSON) or a TUM trajectory; without it a walk is generated\n"
    "  --agents N      characters that wander, hear the headset and gossip, 0 to 10000 [200]\n"
    "  --seconds S     length of the session, 0.1 to 3600 [10]\n"
    "  --workers W     threads beside the caller's, 0 to 63; results do not depend on it [0]\n"
    "  --help          print this\n"
    "\n"
    "Files are read up to 256 MiB. Exit code 2 means a wrong option or a wrong file.\n";

enum {
    TICK_NS = 11111111,
    IMAGE_TICKS = 9, /* the camera's images: 10 a second */
    MOST_OBJECTS = 4096,
    MOST_SEEN = 256,
    MOST_AGENTS = 10000,
    PRESENCE = XRMESH_KIND_USER + 1,
    GREETING,
    GOSSIP
};
#define TOPIC "headset"

/* Prints what went wrong with the last call. */
static int fail(const char *what)
{
    char text[1024];
    uint32_t length = 0;
    xrmesh_last_error(text, sizeof text, &length);
    fprintf(stderr, "room_session: %s: %s: %.*s\n", what, xrmesh_status_name(xrmesh_last_status()), (int)length, text);
    return 0;
}

/* What the renderer sees: the answer to a pose. */
typedef struct view {
    uint32_t count, reserved;
    xrmesh_object_id objects[MOST_SEEN];
} view;

/* The agent that asks the memory, once a frame, what the headset sees. */
typedef struct renderer {
    xrmesh_snapshot snapshot; /* the frame's: what the last tick published */
    xrmesh_workspace workspace;
    uint64_t frames, seen;
    uint32_t most;
} renderer;

static xrmesh_status render(void *user_data, xrmesh_context context, const xrmesh_message *message,
                            const uint8_t *payload)
{
    renderer *self = (renderer *)user_data;
    xrmesh_frustum frustum;
    xrmesh_status status;
    xrmesh_send send;
    view seen;
    if (message->payload_len != sizeof frustum.pose)
        return XRMESH_ERROR_CALLBACK;
    memcpy(&frustum.pose, payload, sizeof frustum.pose);
    frustum.left_rad = -0.698f, frustum.right_rad = 0.698f; /* 80 by 65 degrees */
    frustum.up_rad = 0.567f, frustum.down_rad = -0.567f;
    frustum.near_m = 0.1f, frustum.far_m = 6;
    memset(&seen, 0, sizeof seen);
    status = xrmesh_snapshot_in_frustum(self->snapshot, self->workspace, &frustum, NULL, seen.objects, MOST_SEEN,
                                        &seen.count);
    if (status < 0)
        return status;
    self->frames++;
    self->seen += seen.count;
    self->most = seen.count > self->most ? seen.count : self->most;
    xrmesh_send_default(&send);
    send.target = message->from;
    send.kind = XRMESH_KIND_ENVIRONMENT_MAP;
    send.payload_len = (uint32_t)(offsetof(view, objects) + seen.count * sizeof seen.objects[0]);
    return xrmesh_context_submit(context, &send, 1, (const uint8_t *)&seen, send.payload_len, NULL, NULL);
}

/* A character: it wanders, greets a headset that is near, and passes gossip on. */
typedef struct character {
    const xrmesh_agent_id *others;
    uint64_t random, heard;
    xrmesh_pose pose;
    float home[2];
    uint32_t count;
} character;

/* A number below `limit`: xorshift, then its upper half into the range. */
static uint32_t draw(character *self, uint32_t limit)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return (uint32_t)((self->random >> 32) * limit >> 32);
}

static xrmesh_status wander(void *user_data, xrmesh_context context)
{
    character *self = (character *)user_data;
    int axis;
    for (axis = 0; axis < 3; axis += 2) {
        const float home = self->home[axis / 2], step = (float)draw(self, 2001) * 1e-5f - 0.01f;
        const float to = self->pose.position[axis] + step;
        if (to > home - 1 && to < home + 1)
            self->pose.position[axis] = to;
    }
    return xrmesh_context_move(context, &self->pose);
}

static xrmesh_status hear(void *user_data, xrmesh_context context, const xrmesh_message *message,
                          const uint8_t *payload)
{
    character *self = (character *)user_data;
    xrmesh_send sends[2];
    uint32_t left = 0, count = 0;
    self->heard++;
    if (message->kind == PRESENCE) {
        xrmesh_send_default(&sends[count]);
        sends[count].target = message->from;
        sends[count++].kind = GREETING;
        left = 4;
    } else if (message->payload_len == sizeof left) {
        memcpy(&left, payload, sizeof left);
        left--;
    }
    if (left > 0) {
        xrmesh_send_default(&sends[count]);
        sends[count].target = self->others[draw(self, self->count)];
        sends[count].kind = GOSSIP;
        sends[count++].payload_len = sizeof left;
    }
    return xrmesh_context_submit(context, sends, count, (const uint8_t *)&left, sizeof left, NULL, NULL);
}

static uint64_t hash_character(void *user_data)
{
    const character *self = (const character *)user_data;
    return self->random ^ self->heard << 32;
}

/* All of the session. */
typedef struct session {
    motion motion;
    xrmesh_mesh mesh;
    xrmesh_memory memory;
    xrmesh_workspace workspace;
    xrmesh_histogram tick_ns;
    renderer renderer;
    character *characters;
    xrmesh_agent_id *agents;
    xrmesh_agent_id headset;
    uint32_t agent_count, ticks;
    /* What the headset's agent got. */
    view view;
    uint64_t greetings, views, polled, lost;
    uint64_t observed, updated, created, merged;
    /* The anchor that is corrected, what hangs on it, and where that was. */
    xrmesh_anchor_id anchor;
    uint32_t hanging, moved, correcting_ticks;
    xrmesh_object_id hung[MOST_OBJECTS];
    xrmesh_pose before[MOST_OBJECTS];
} session;

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* All objects of a snapshot: how many. */
static int all_objects(session *self, xrmesh_snapshot snapshot, xrmesh_found *found, uint32_t *count)
{
    xrmesh_point origin;
    memset(&origin, 0, sizeof origin);
    return xrmesh_snapshot_nearest(snapshot, self->workspace, &origin, NULL, found, MOST_OBJECTS, count) >= 0;
}

/* A room of 6 by 5 m to stand in for a scan: tables with chairs around them. */
static int generate_room(xrmesh_memory memory)
{
    xrmesh_class_id table, chair;
    uint32_t i;
    if (xrmesh_memory_class(memory, "table", 5, &table) < 0 || xrmesh_memory_class(memory, "chair", 5, &chair) < 0)
        return 0;
    for (i = 0; i < 20; i++) {
        xrmesh_object object;
        xrmesh_object_id id;
        const int is_table = i % 5 == 0;
        const float x = -2 + 4.0f * (float)(i / 5 % 2), z = -1.5f + 3.0f * (float)(i / 10);
        xrmesh_object_default(&object);
        object.class_id = is_table ? table : chair;
        object.pose.position[0] = x + (is_table ? 0 : i % 5 < 3 ? 0.6f : -0.6f);
        object.pose.position[1] = is_table ? 0.7f : 0.45f;
        object.pose.position[2] = z + (is_table ? 0 : i % 2 == 0 ? 0.7f : -0.7f);
        object.half_extents[0] = object.half_extents[2] = is_table ? 0.4f : 0.25f;
        object.half_extents[1] = is_table ? 0.03f : 0.4f;
        if (xrmesh_memory_insert(memory, &object, &id, 1, NULL, 0, NULL) < 0)
            return 0;
    }
    return 1;
}

/* The memory, the room in it, and the motion moved to the room's middle. */
static int set_up_room(session *self, const char *path)
{
    xrmesh_memory_options options;
    xrmesh_snapshot snapshot;
    static xrmesh_found found[MOST_OBJECTS];
    static xrmesh_object_id ids[MOST_OBJECTS];
    static xrmesh_pose poses[MOST_OBJECTS];
    xrmesh_pose anchor;
    uint32_t count = 0, i;
    double middle[2] = {0, 0};
    float x, z;
    xrmesh_memory_options_default(&options);
    options.max_objects = MOST_OBJECTS;
    if (xrmesh_memory_create(&options, &self->memory) < 0 || xrmesh_workspace_create(MOST_OBJECTS, &self->workspace) < 0 ||
        xrmesh_workspace_create(MOST_SEEN, &self->renderer.workspace) < 0)
        return fail("memory");
    if (path != NULL && xrmesh_memory_import_room(self->memory, path, (uint32_t)strlen(path), 0, NULL) < 0) {
        fail(path);
        exit(WRONG_INPUT);
    }
    if (path == NULL && !generate_room(self->memory))
        return fail("room");
    if (xrmesh_memory_publish(self->memory, 0, NULL) < 0 || xrmesh_memory_snapshot(self->memory, &snapshot) < 0 ||
        !all_objects(self, snapshot, found, &count))
        return fail("room");
    for (i = 0; i < count; i++)
        ids[i] = found[i].object;
    if (xrmesh_snapshot_world_poses(snapshot, ids, poses, count) < 0)
        return fail("room");
    for (i = 0; i < count; i++) {
        middle[0] += poses[i].position[0] / (double)count;
        middle[1] += poses[i].position[2] / (double)count;
    }
    motion_middle(&self->motion, &x, &z);
    motion_shift(&self->motion, (float)middle[0] - x, (float)middle[1] - z);
    xrmesh_snapshot_destroy(snapshot);
    /* All of it hangs on one anchor in its middle, as it was scanned in one go. */
    memset(&anchor, 0, sizeof anchor);
    anchor.position[0] = (float)middle[0], anchor.position[2] = (float)middle[1], anchor.orientation[3] = 1;
    if (xrmesh_memory_add_anchor(self->memory, "scan", 4, XRMESH_ANCHOR_WORLD, &anchor, &self->anchor) < 0)
        return fail("anchor");
    for (i = 0; i < count; i++) {
        poses[i].position[0] -= anchor.position[0];
        poses[i].position[2] -= anchor.position[2];
        if (xrmesh_memory_hang(self->memory, ids[i], self->anchor, &poses[i]) < 0)
            return fail("anchor");
    }
    if (xrmesh_memory_publish(self->memory, 0, NULL) < 0)
        return fail("room");
    printf("room    %s: %u objects\n", path == NULL ? "generated" : path, count);
    return 1;
}

/* The mesh, with the memory in it, and its agents. */
static int set_up_mesh(session *self, uint32_t workers)
{
    xrmesh_mesh_options options;
    xrmesh_callbacks calls;
    xrmesh_spawn_options where;
    xrmesh_agent_id agent;
    uint32_t i;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = workers + 1;
    options.flags = XRMESH_MESH_CALLBACKS_ON_ANY_THREAD;
    if (xrmesh_mesh_create(&options, &self->mesh) < 0 || xrmesh_mesh_attach_memory(self->mesh, self->memory) < 0 ||
        xrmesh_histogram_create(&self->tick_ns) < 0 || xrmesh_mesh_spawn(self->mesh, NULL, &self->headset) < 0)
        return fail("mesh");
    xrmesh_callbacks_default(&calls);
    calls.user_data = &self->renderer;
    calls.on_message = render;
    if (xrmesh_mesh_spawn_callbacks(self->mesh, &calls, NULL, &agent) < 0 ||
        xrmesh_mesh_subscribe(self->mesh, agent, TOPIC, sizeof TOPIC - 1, NULL, NULL) < 0)
        return fail("renderer");
    calls.on_message = hear;
    calls.on_tick = wander;
    calls.hash_state = hash_character;
    calls.flags = XRMESH_CALLBACKS_TICK;
    xrmesh_spawn_options_default(&where);
    where.flags = XRMESH_SPAWN_POSE;
    for (i = 0; i < self->agent_count; i++) {
        character *one = &self->characters[i];
        const xrmesh_pose pose = motion_at(&self->motion, (int64_t)i * 97 * TICK_NS);
        one->random = (i + 1) * 0x9E3779B97F4A7C15u | 1;
        one->others = self->agents;
        one->count = self->agent_count;
        one->pose = where.pose;
        one->pose.position[0] = one->home[0] = pose.position[0] + (float)draw(one, 4000) * 1e-3f - 2;
        one->pose.position[2] = one->home[1] = pose.position[2] + (float)draw(one, 4000) * 1e-3f - 2;
        where.pose.position[0] = one->pose.position[0];
        where.pose.position[2] = one->pose.position[2];
        calls.user_data = one;
        if (xrmesh_mesh_spawn_callbacks(self->mesh, &calls, &where, &self->agents[i]) < 0)
            return fail("character");
        where.pose.position[0] = where.pose.position[2] = 0;
    }
    return 1;
}

/* What is in view is seen again, a little beside where it is: fusion finds which object it was. */
static int observe(session *self, uint32_t tick)
{
    static xrmesh_pose poses[MOST_SEEN];
    static xrmesh_observation observations[MOST_SEEN];
    static xrmesh_fused fused[MOST_SEEN];
    xrmesh_snapshot snapshot;
    uint32_t i;
    if (xrmesh_memory_snapshot(self->memory, &snapshot) < 0 ||
        xrmesh_snapshot_world_poses(snapshot, self->view.objects, poses, self->view.count) < 0)
        return fail("view");
    for (i = 0; i < self->view.count; i++) {
        xrmesh_object object;
        if (xrmesh_snapshot_object(snapshot, self->view.objects[i], &object, NULL, 0) < 0)
            return fail("view");
        xrmesh_observation_default(&observations[i]);
        observations[i].class_id = object.class_id;
        observations[i].pose = poses[i];
        observations[i].pose.position[0] += (float)((tick * 7 + i * 13) % 21) * 1e-3f - 0.01f;
        observations[i].pose.position[2] += (float)((tick * 5 + i * 11) % 21) * 1e-3f - 0.01f;
        memcpy(observations[i].half_extents, object.half_extents, sizeof object.half_extents);
        observations[i].confidence = 0.8f;
    }
    if (xrmesh_memory_observe(self->memory, observations, fused, self->view.count, NULL, 0, 0) < 0)
        return fail("observe");
    self->observed += self->view.count;
    for (i = 0; i < self->view.count; i++) {
        self->updated += fused[i].how == XRMESH_FUSED_UPDATED;
        self->created += fused[i].how == XRMESH_FUSED_CREATED;
        self->merged += fused[i].how == XRMESH_FUSED_MERGED;
    }
    xrmesh_snapshot_destroy(snapshot);
    return 1;
}

/* Notes where all is that hangs on the anchor, then moves the anchor by 5 cm. */
static int correct_anchor(session *self)
{
    static xrmesh_found found[MOST_OBJECTS];
    xrmesh_snapshot snapshot;
    xrmesh_anchor anchor;
    uint32_t count, i;
    self->hanging = 0;
    if (xrmesh_memory_snapshot(self->memory, &snapshot) < 0 || !all_objects(self, snapshot, found, &count) ||
        xrmesh_snapshot_anchor(snapshot, self->anchor, &anchor, NULL, 0) < 0)
        return fail("anchor");
    for (i = 0; i < count; i++) {
        xrmesh_object object;
        if (xrmesh_snapshot_object(snapshot, found[i].object, &object, NULL, 0) < 0)
            return fail("anchor");
        if (object.anchor == self->anchor)
            self->hung[self->hanging++] = found[i].object;
    }
    if (xrmesh_snapshot_world_poses(snapshot, self->hung, self->before, self->hanging) < 0)
        return fail("anchor");
    xrmesh_snapshot_destroy(snapshot);
    anchor.pose.position[0] += 0.05f;
    return xrmesh_memory_correct_anchor(self->memory, self->anchor, &anchor.pose) >= 0 || fail("anchor");
}

/* After a tick: all that hung there has moved by 5 cm, or nothing has, as long as the correction is under way. */
static int see_correction(session *self)
{
    static xrmesh_pose after[MOST_OBJECTS];
    xrmesh_snapshot snapshot;
    uint32_t i;
    self->moved = 0;
    if (xrmesh_memory_snapshot(self->memory, &snapshot) < 0 ||
        xrmesh_snapshot_world_poses(snapshot, self->hung, after, self->hanging) < 0)
        return fail("correction");
    for (i = 0; i < self->hanging; i++) {
        float squared = 0;
        int axis;
        for (axis = 0; axis < 3; axis++) {
            const float step = after[i].position[axis] - self->before[i].position[axis];
            squared += step * step;
        }
        self->moved += fabsf(sqrtf(squared) - 0.05f) < 1e-4f;
    }
    xrmesh_snapshot_destroy(snapshot);
    return 1;
}

/* Takes in what the headset's agent got. */
static int poll(session *self)
{
    static xrmesh_message messages[4096];
    static uint64_t payload[1 << 15];
    xrmesh_poll_result result;
    uint32_t i;
    do {
        if (xrmesh_mesh_poll(self->mesh, messages, 4096, (uint8_t *)payload, sizeof payload, &result) < 0)
            return fail("poll");
        for (i = 0; i < result.message_count; i++) {
            const xrmesh_message *message = &messages[i];
            self->greetings += message->kind == GREETING;
            if (message->kind == XRMESH_KIND_ENVIRONMENT_MAP && message->payload_len <= sizeof self->view) {
                memcpy(&self->view, (const uint8_t *)payload + message->payload_offset, message->payload_len);
                self->views++;
            }
        }
        self->polled += result.message_count;
        self->lost += result.lost;
    } while (result.waiting > 0);
    return 1;
}

static int play(session *self)
{
    int is_correcting = 0;
    uint32_t tick;
    for (tick = 0; tick < self->ticks; tick++) {
        const int64_t now = (int64_t)tick * TICK_NS;
        const xrmesh_pose pose = motion_at(&self->motion, now);
        xrmesh_send sends[2];
        int64_t from;
        xrmesh_send_default(&sends[0]);
        sends[0].from = self->headset;
        sends[0].kind = XRMESH_KIND_SPATIAL_COORDINATES;
        sends[0].payload_len = sizeof pose;
        sends[0].to = XRMESH_TO_TOPIC;
        if (xrmesh_topic(TOPIC, sizeof TOPIC - 1, &sends[0].target) < 0)
            return fail("topic");
        xrmesh_send_default(&sends[1]);
        sends[1].from = self->headset;
        sends[1].kind = PRESENCE;
        sends[1].to = XRMESH_TO_NEAR;
        memcpy(sends[1].point, pose.position, sizeof sends[1].point);
        sends[1].point[1] = 0; /* characters stand on the floor */
        sends[1].radius = 1.5f;
        if (tick == self->ticks / 2) {
            if (!correct_anchor(self))
                return 0;
            is_correcting = 1;
        }
        if (xrmesh_memory_snapshot(self->memory, &self->renderer.snapshot) < 0 ||
            xrmesh_mesh_move(self->mesh, self->headset, &pose) < 0 ||
            xrmesh_mesh_submit(self->mesh, sends, 2, (const uint8_t *)&pose, sizeof pose, NULL, NULL) < 0)
            return fail("submit");
        from = clock_ns();
        if (xrmesh_mesh_tick(self->mesh, now, XRMESH_UNLIMITED, NULL) < 0)
            return fail("tick");
        xrmesh_histogram_record(self->tick_ns, (uint64_t)(clock_ns() - from), 1);
        if (xrmesh_snapshot_destroy(self->renderer.snapshot) < 0)
            return fail("snapshot");
        if (is_correcting && !see_correction(self))
            return 0;
        is_correcting &= self->moved < self->hanging;
        self->correcting_ticks += is_correcting;
        if (!poll(self) || (tick % IMAGE_TICKS == 0 && !is_correcting && !observe(self, tick)))
            return 0;
    }
    return 1;
}

static double microseconds(const session *self, double fraction)
{
    uint64_t ns = 0;
    xrmesh_histogram_quantile(self->tick_ns, fraction, &ns, NULL);
    return (double)ns * 1e-3;
}

/* Prints the report; whether all adds up. */
static int report(session *self)
{
    xrmesh_counters counters;
    xrmesh_memory_stats stats;
    uint64_t dropped = 0, hash = 0;
    uint32_t reason;
    int adds_up;
    xrmesh_counters_default(&counters);
    xrmesh_memory_stats_default(&stats);
    if (xrmesh_mesh_counters(self->mesh, &counters) < 0 || xrmesh_mesh_state_hash(self->mesh, &hash) < 0 ||
        xrmesh_memory_counters(self->memory, &stats) < 0)
        return fail("report");
    for (reason = 0; reason < XRMESH_DROP_REASONS; reason++)
        dropped += counters.dropped[reason];
    adds_up = counters.sent == counters.delivered + counters.pending + dropped;
    printf("messages\n  %llu sent %s %llu delivered + %llu pending + %llu dropped\n", (unsigned long long)counters.sent,
           adds_up ? "=" : "is not", (unsigned long long)counters.delivered, (unsigned long long)counters.pending,
           (unsigned long long)dropped);
    printf("  the headset got %llu, %llu of them greetings; lost %llu\n", (unsigned long long)self->polled,
           (unsigned long long)self->greetings, (unsigned long long)self->lost);
    printf("tick\n  p50 %.1f us, p99 %.1f us, worst %.1f us of %.0f us\n", microseconds(self, 0.5),
           microseconds(self, 0.99), microseconds(self, 1), TICK_NS * 1e-3);
    printf("memory\n  in view %.1f objects of %u, %u at most, in %llu frames\n",
           (double)self->renderer.seen / (double)(self->renderer.frames ? self->renderer.frames : 1), stats.objects,
           self->renderer.most, (unsigned long long)self->renderer.frames);
    printf("  observed %llu: %llu updated, %llu new, %llu merged\n", (unsigned long long)self->observed,
           (unsigned long long)self->updated, (unsigned long long)self->created, (unsigned long long)self->merged);
    printf("  anchor corrected by 5 cm: %u of %u objects moved with it, %u ticks later\n", self->moved, self->hanging,
           self->correcting_ticks);
    printf("session\n  %u ticks, %u agents\n  state hash %016llx\n", self->ticks, counters.agents,
           (unsigned long long)hash);
    return adds_up && self->lost == 0 && self->views == self->ticks && self->moved == self->hanging &&
           self->observed == self->updated + self->created + self->merged;
}

int main(int argc, char **argv)
{
    static session self;
    const char *room = NULL, *recorded = NULL;
    double agents = 200, seconds = 10, workers = 0;
    const option options[] = {
        {"--room", NULL, 0, 0, &room},
        {"--motion", NULL, 0, 0, &recorded},
        {"--agents", &agents, 0, MOST_AGENTS, NULL},
        {"--seconds", &seconds, 0.1, 3600, NULL},
        {"--workers", &workers, 0, 63, NULL},
    };
    int right = read_arguments("room_session", HELP, options, sizeof options / sizeof options[0], argc, argv);
    if (right != WELL)
        return right == WRONG_INPUT ? WRONG_INPUT : WELL;
    if (recorded != NULL ? !motion_load("room_session", recorded, &self.motion) : !motion_generate(&self.motion))
        return WRONG_INPUT;
    printf("motion  %s: %lu poses, %.1f s\n", recorded == NULL ? "generated" : recorded,
           (unsigned long)self.motion.count, (double)self.motion.samples[self.motion.count - 1].time_ns * 1e-9);
    self.agent_count = (uint32_t)agents;
    self.ticks = (uint32_t)ceil(seconds * 90);
    self.characters = (character *)calloc(self.agent_count + 1, sizeof *self.characters);
    self.agents = (xrmesh_agent_id *)calloc(self.agent_count + 1, sizeof *self.agents);
    right = self.characters != NULL && self.agents != NULL && set_up_room(&self, room) &&
            set_up_mesh(&self, (uint32_t)workers) && play(&self) && report(&self);
    if (xrmesh_shutdown_all(NULL) < 0)
        right = fail("shutdown");
    free(self.characters);
    free(self.agents);
    motion_free(&self.motion);
    return right ? WELL : FAILED;
}
