/* A simulation thread beside a renderer's: the first ticks the mesh and publishes what it gave, the second draws it
 * at its own pace and never waits. See docs/c-abi.md, "A renderer beside a simulation".
 *
 * 1. The mesh is the simulation thread's. After each tick it leases what the renderer's agent got and puts
 *    the frame, which stays where it is, into a ring.
 * 2. The renderer takes the frames that are there, reads them in place, and releases them. If it is slow, the ring is
 *    full: then the simulation leaves the messages in the mesh, and the next frame has them as well. None is lost.
 * 3. What the renderer has to say goes through a lane of its own and is taken in by the next tick.
 *
 * C11 and POSIX threads. Exit codes: 0; 1 if the messages do not add up; 2 for a wrong option. */
#define _POSIX_C_SOURCE 200809L
#include "arguments.h"
#include "xrmesh.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static const char HELP[] =
    "A simulation thread ticks a mesh; a renderer's thread reads its frames and never waits.\n"
    "\n"
    "usage: frame_loop [options]\n"
    "\n"
    "  --seconds S   how long, 0.05 to 3600 [5]\n"
    "  --rate HZ     ticks of the simulation a second, 1 to 1000 [90]\n"
    "  --fps HZ      frames of the renderer a second, 1 to 1000 [72]\n"
    "  --objects N   objects that move and say where they are, 1 to 1000 [100]\n"
    "  --help        print this\n";

enum { SLOTS = 4, MOST_OBJECTS = 1000 };
#define TOPIC "poses"

/* What an object says of itself, each tick. */
typedef struct news {
    uint32_t object;
    uint32_t tick;
    float position[3];
    float reserved;
} news;

/* What the simulation hands over. One thread puts, one takes; neither waits. */
typedef struct ring {
    xrmesh_frame frames[SLOTS];
    xrmesh_frame_view views[SLOTS];
    atomic_uint put, taken; /* how many so far */
} ring;

/* A loop of either thread: its pace, and how it kept it. */
typedef struct loop {
    int64_t period_ns;
    uint64_t frames, late;
    xrmesh_histogram work_ns;
} loop;

typedef struct program {
    int64_t begin_ns;
    uint32_t objects, ticks;
    ring ring;
    atomic_int ended; /* the simulation */
    /* The simulation thread's. */
    xrmesh_mesh mesh;
    loop simulation;
    uint64_t held_back; /* ticks whose frame found the ring full */
    uint64_t gazes_heard;
    /* The renderer's. */
    xrmesh_lane lane;
    xrmesh_agent_id gaze_agent;
    loop renderer;
    xrmesh_histogram take_ns;
    uint64_t read, lost, stale, empty, gazes_sent, gazes_refused;
    /* Set by either before it ends. */
    atomic_int failed;
} program;

/* Prints what went wrong; the thread that fails ends. */
static void fail(program *all, const char *what)
{
    char text[1024];
    uint32_t length = 0;
    xrmesh_last_error(text, sizeof text, &length);
    fprintf(stderr, "frame_loop: %s: %s: %.*s\n", what, xrmesh_status_name(xrmesh_last_status()), (int)length, text);
    atomic_store(&all->failed, 1);
}

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Until the loop's next frame is due; then its work is measured from there. */
static int64_t begin_frame(const loop *loop, int64_t begin_ns)
{
    const int64_t due = begin_ns + (int64_t)loop->frames * loop->period_ns;
    int64_t left;
    while ((left = due - clock_ns()) > 0) {
        struct timespec rest;
        rest.tv_sec = (time_t)(left / 1000000000);
        rest.tv_nsec = (long)(left % 1000000000);
        nanosleep(&rest, NULL);
    }
    return clock_ns();
}

/* A frame is late if its work ends when the next should have begun. */
static void end_frame(loop *loop, int64_t begin_ns, int64_t from_ns)
{
    const int64_t now = clock_ns();
    loop->frames++;
    loop->late += now > begin_ns + (int64_t)loop->frames * loop->period_ns;
    xrmesh_histogram_record(loop->work_ns, (uint64_t)(now - from_ns), 1);
}

/* The mesh's own agent: it hears where the renderer's user looks. */
static xrmesh_status hear_gaze(void *user_data, xrmesh_context context, const xrmesh_message *message,
                               const uint8_t *payload)
{
    (void)context, (void)payload;
    ((program *)user_data)->gazes_heard += message->payload_len == sizeof(uint32_t);
    return XRMESH_OK;
}

/* Leases what the renderer's agent got and puts it into the ring, if there is room. */
static int publish(program *all)
{
    const unsigned put = atomic_load_explicit(&all->ring.put, memory_order_relaxed);
    const unsigned at = put % SLOTS;
    if (put - atomic_load_explicit(&all->ring.taken, memory_order_acquire) == SLOTS) {
        all->held_back++;
        return 0;
    }
    if (xrmesh_mesh_lease(all->mesh, &all->ring.frames[at], &all->ring.views[at]) < 0) {
        fail(all, "lease");
        return -1;
    }
    atomic_store_explicit(&all->ring.put, put + 1, memory_order_release);
    return 0;
}

static void *simulate(void *data)
{
    static news said[MOST_OBJECTS];
    static xrmesh_send sends[MOST_OBJECTS];
    static xrmesh_pose poses[MOST_OBJECTS];
    static xrmesh_agent_id agents[MOST_OBJECTS];
    program *all = (program *)data;
    xrmesh_topic_id topic = 0;
    uint32_t tick, i;

    if (xrmesh_topic(TOPIC, sizeof TOPIC - 1, &topic) < 0)
        fail(all, "topic");
    for (i = 0; i < all->objects; i++) {
        if (xrmesh_mesh_spawn(all->mesh, NULL, &agents[i]) < 0)
            fail(all, "spawn");
        xrmesh_send_default(&sends[i]);
        sends[i].from = agents[i];
        sends[i].to = XRMESH_TO_TOPIC;
        sends[i].target = topic;
        sends[i].kind = XRMESH_KIND_SPATIAL_COORDINATES;
        sends[i].payload_offset = (uint32_t)(i * sizeof(news));
        sends[i].payload_len = sizeof(news);
        poses[i].orientation[3] = 1;
        said[i].object = i;
    }
    for (tick = 0; tick < all->ticks && !atomic_load(&all->failed); tick++) {
        const int64_t from = begin_frame(&all->simulation, all->begin_ns);
        for (i = 0; i < all->objects; i++) {
            const double turn = 0.01 * (tick + 1) + i;
            poses[i].position[0] = (float)(3 * cos(turn));
            poses[i].position[1] = 1;
            poses[i].position[2] = (float)(3 * sin(turn));
            memcpy(said[i].position, poses[i].position, sizeof said[i].position);
            said[i].tick = tick;
        }
        /* The tick's time is the simulation's own, so that a session can be recorded and done again. */
        if (xrmesh_mesh_move_many(all->mesh, agents, poses, all->objects, NULL) < 0)
            fail(all, "move");
        else if (xrmesh_mesh_submit(all->mesh, sends, all->objects, (const uint8_t *)said,
                                    (uint32_t)(all->objects * sizeof(news)), NULL, NULL) < 0)
            fail(all, "submit");
        else if (xrmesh_mesh_tick(all->mesh, tick * all->simulation.period_ns, XRMESH_UNLIMITED, NULL) < 0)
            fail(all, "tick");
        else
            publish(all);
        end_frame(&all->simulation, all->begin_ns, from);
    }
    atomic_store_explicit(&all->ended, 1, memory_order_release);
    return NULL;
}

/* Takes in what is there, oldest first, and gives how many frames it was. */
static uint32_t take(program *all, news *scene)
{
    uint32_t frames = 0;
    for (;; frames++) {
        const unsigned taken = atomic_load_explicit(&all->ring.taken, memory_order_relaxed);
        const unsigned at = taken % SLOTS;
        const xrmesh_frame_view *view = &all->ring.views[at];
        uint32_t i;
        if (taken == atomic_load_explicit(&all->ring.put, memory_order_acquire))
            return frames;
        for (i = 0; i < view->message_count; i++) {
            const xrmesh_message *message = &view->messages[i];
            news heard;
            if (message->payload_len != sizeof heard)
                continue;
            memcpy(&heard, view->payload + message->payload_offset, sizeof heard);
            /* An object's news come in the order in which it said them. */
            all->stale += heard.object >= all->objects || heard.tick < scene[heard.object].tick;
            if (heard.object < all->objects)
                scene[heard.object] = heard;
            all->read++;
        }
        all->lost += view->lost;
        if (xrmesh_frame_release(all->ring.frames[at]) < 0)
            fail(all, "release");
        atomic_store_explicit(&all->ring.taken, taken + 1, memory_order_release);
    }
}

static void *render(void *data)
{
    static news scene[MOST_OBJECTS];
    program *all = (program *)data;
    int last = 0;
    while (!last && !atomic_load(&all->failed)) {
        const int64_t from = begin_frame(&all->renderer, all->begin_ns);
        xrmesh_send send;
        uint32_t nearest = 0, i;
        float least = INFINITY;
        last = atomic_load_explicit(&all->ended, memory_order_acquire);
        all->empty += take(all, scene) == 0;
        xrmesh_histogram_record(all->take_ns, (uint64_t)(clock_ns() - from), 1);
        /* Drawing, as far as it goes without a screen: what does the user at the origin look at? */
        for (i = 0; i < all->objects; i++) {
            const float *p = scene[i].position, distance = p[0] * p[0] + (p[2] + 3) * (p[2] + 3);
            if (distance < least)
                least = distance, nearest = i;
        }
        xrmesh_send_default(&send);
        send.target = all->gaze_agent;
        send.kind = XRMESH_KIND_USER;
        send.payload_len = sizeof nearest;
        if (xrmesh_lane_submit(all->lane, &send, 1, (const uint8_t *)&nearest, sizeof nearest, NULL) < 0)
            all->gazes_refused++; /* full: the simulation is late; the next frame says it anew */
        else
            all->gazes_sent++;
        end_frame(&all->renderer, all->begin_ns, from);
    }
    return NULL;
}

static double microseconds(xrmesh_histogram histogram, double fraction)
{
    uint64_t ns = 0;
    xrmesh_histogram_quantile(histogram, fraction, &ns, NULL);
    return (double)ns * 1e-3;
}

static void print_loop(const char *name, const loop *loop)
{
    printf("%-11s %llu frames, %llu late; p50 %.1f us, p99 %.1f us, worst %.1f us of %.0f us\n", name,
           (unsigned long long)loop->frames, (unsigned long long)loop->late, microseconds(loop->work_ns, 0.5),
           microseconds(loop->work_ns, 0.99), microseconds(loop->work_ns, 1), (double)loop->period_ns * 1e-3);
}

/* Prints the report; whether every message is accounted for. */
static int report(program *all)
{
    xrmesh_counters counters;
    uint64_t dropped = 0;
    uint32_t reason;
    int adds_up;
    xrmesh_counters_default(&counters);
    if (xrmesh_mesh_counters(all->mesh, &counters) < 0) {
        fail(all, "counters");
        return 0;
    }
    for (reason = 0; reason < XRMESH_DROP_REASONS; reason++)
        dropped += counters.dropped[reason];
    print_loop("simulation", &all->simulation);
    print_loop("renderer", &all->renderer);
    printf("            taking frames: p50 %.1f us, p99 %.1f us; %llu frames without news, %llu ticks held back\n",
           microseconds(all->take_ns, 0.5), microseconds(all->take_ns, 0.99), (unsigned long long)all->empty,
           (unsigned long long)all->held_back);
    printf("            read %llu messages, lost %llu; gaze sent %llu, heard %llu, refused %llu\n",
           (unsigned long long)all->read, (unsigned long long)all->lost, (unsigned long long)all->gazes_sent,
           (unsigned long long)all->gazes_heard, (unsigned long long)all->gazes_refused);
    adds_up = counters.sent == counters.delivered + counters.pending + dropped;
    printf("messages    %llu sent %s %llu delivered + %llu pending + %llu dropped\n", (unsigned long long)counters.sent,
           adds_up ? "=" : "is not", (unsigned long long)counters.delivered, (unsigned long long)counters.pending,
           (unsigned long long)dropped);
    return adds_up && all->read + all->lost == (uint64_t)all->objects * all->simulation.frames && all->stale == 0 &&
           all->gazes_heard == all->gazes_sent;
}

/* The mesh, the renderer's agent and its ways in. */
static int set_up(program *all)
{
    xrmesh_mesh_options options;
    xrmesh_callbacks calls;
    xrmesh_agent_id eyes;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0; /* the simulation thread does all the work */
    xrmesh_callbacks_default(&calls);
    calls.user_data = all;
    calls.on_message = hear_gaze;
    return xrmesh_mesh_create(&options, &all->mesh) >= 0 && xrmesh_mesh_spawn(all->mesh, NULL, &eyes) >= 0 &&
           xrmesh_mesh_subscribe(all->mesh, eyes, TOPIC, sizeof TOPIC - 1, NULL, NULL) >= 0 &&
           xrmesh_mesh_spawn_callbacks(all->mesh, &calls, NULL, &all->gaze_agent) >= 0 &&
           xrmesh_mesh_lane(all->mesh, &all->lane) >= 0 && xrmesh_histogram_create(&all->simulation.work_ns) >= 0 &&
           xrmesh_histogram_create(&all->renderer.work_ns) >= 0 && xrmesh_histogram_create(&all->take_ns) >= 0;
}

int main(int argc, char **argv)
{
    static program all;
    double seconds = 5, rate = 90, fps = 72, objects = 100;
    const option options[] = {
        {"--seconds", &seconds, 0.05, 3600, NULL},
        {"--rate", &rate, 1, 1000, NULL},
        {"--fps", &fps, 1, 1000, NULL},
        {"--objects", &objects, 1, MOST_OBJECTS, NULL},
    };
    pthread_t simulation, renderer;
    int right = read_arguments("frame_loop", HELP, options, sizeof options / sizeof options[0], argc, argv);
    if (right != WELL)
        return right == WRONG_INPUT ? WRONG_INPUT : WELL;

    all.objects = (uint32_t)objects;
    all.simulation.period_ns = (int64_t)(1e9 / rate);
    all.renderer.period_ns = (int64_t)(1e9 / fps);
    all.ticks = (uint32_t)ceil(seconds * rate);
    if (!set_up(&all)) {
        fail(&all, "set up");
        return FAILED;
    }
    all.begin_ns = clock_ns();
    if (pthread_create(&simulation, NULL, simulate, &all) != 0) {
        fputs("frame_loop: the simulation's thread could not be started\n", stderr);
        return FAILED;
    }
    if (pthread_create(&renderer, NULL, render, &all) != 0) {
        fputs("frame_loop: the renderer's thread could not be started\n", stderr);
        atomic_store(&all.failed, 1);
        pthread_join(simulation, NULL);
        return FAILED;
    }
    pthread_join(simulation, NULL);
    pthread_join(renderer, NULL);

    if (!atomic_load(&all.failed)) {
        /* What the renderer saw of the ring's last frames, and what found the ring full in the end. */
        static news scene[MOST_OBJECTS];
        publish(&all);
        xrmesh_mesh_tick(all.mesh, all.ticks * all.simulation.period_ns, XRMESH_UNLIMITED, NULL);
        take(&all, scene);
    }
    right = !atomic_load(&all.failed) && report(&all);
    if (xrmesh_shutdown_all(NULL) < 0) {
        fail(&all, "shutdown");
        right = 0;
    }
    return right ? WELL : FAILED;
}
