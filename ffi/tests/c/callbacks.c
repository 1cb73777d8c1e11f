/* Agents of the host's functions: when they run, what they may do, when their drop runs. */
#include "check.h"

typedef struct agent {
    xrmesh_mesh mesh; /* for calls that are not allowed */
    xrmesh_agent_id id, peer;
    xrmesh_context kept;
    uint32_t started, heard, ticked, stopped, dropped;
    uint32_t asked;
    uint64_t answer;
    xrmesh_status returns;
} agent;

static xrmesh_status on_start(void *user_data, xrmesh_context context)
{
    agent *self = (agent *)user_data;
    xrmesh_moment moment;
    self->started++;
    OK(xrmesh_context_moment(context, &moment));
    self->id = moment.agent;
    CHECK(moment.tick >= 1 && moment.shard < 64);
    OK(xrmesh_context_subscribe(context, "all", 3, NULL));
    return XRMESH_OK;
}

static xrmesh_status on_message(void *user_data, xrmesh_context context, const xrmesh_message *message,
                                const uint8_t *payload)
{
    agent *self = (agent *)user_data;
    xrmesh_send send;
    xrmesh_tick_report report;
    char text[16];
    uint32_t length;
    self->heard++;
    self->kept = context;
    CHECK(message->to == self->id);
    /* Nothing but the context may be used in here. */
    xrmesh_tick_report_default(&report);
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_mesh_tick(self->mesh, 1 << 30, 0, &report));
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_mesh_destroy(self->mesh));
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_mesh_submit(self->mesh, NULL, 0, NULL, 0, NULL, NULL));
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_shutdown_all(NULL));
    CHECK(xrmesh_last_error(text, sizeof text, &length) == XRMESH_ERROR_BUFFER_TOO_SMALL);
    if (message->flags & XRMESH_MESSAGE_QUESTION) {
        const uint64_t answer = 1234;
        xrmesh_send_default(&send);
        send.target = message->from;
        send.flags = XRMESH_SEND_ANSWER;
        send.ask = message->ask;
        send.payload_len = 8;
        OK(xrmesh_context_submit(context, &send, 1, (const uint8_t *)&answer, 8, NULL, NULL));
    } else if (message->flags & XRMESH_MESSAGE_ANSWER) {
        CHECK(message->ask == self->asked && message->payload_len == 8);
        memcpy(&self->answer, payload, 8);
    } else if (self->peer) {
        uint64_t number = 0;
        xrmesh_send_default(&send);
        send.target = self->peer;
        send.flags = XRMESH_SEND_ASK;
        send.time_ns = 1000000000;
        OK(xrmesh_context_submit(context, &send, 1, NULL, 0, &number, NULL));
        self->asked = (uint32_t)number;
    }
    return self->returns;
}

static xrmesh_status on_tick(void *user_data, xrmesh_context context)
{
    ((agent *)user_data)->ticked++;
    OK(xrmesh_context_wake_at(context, INT64_MAX));
    return XRMESH_OK;
}

static void on_stop(void *user_data, xrmesh_context context)
{
    ((agent *)user_data)->stopped++;
    GIVES(XRMESH_ERROR_STOPPING, xrmesh_context_despawn(context, ((agent *)user_data)->id));
}

static uint64_t hash_state(void *user_data)
{
    return ((agent *)user_data)->heard;
}

static void drop(void *user_data)
{
    agent *self = (agent *)user_data;
    self->dropped++;
    /* Also a drop is a callback. */
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_mesh_destroy(self->mesh));
}

static xrmesh_callbacks functions(agent *self)
{
    xrmesh_callbacks calls;
    xrmesh_callbacks_default(&calls);
    calls.user_data = self;
    calls.on_start = on_start;
    calls.on_message = on_message;
    calls.on_tick = on_tick;
    calls.on_stop = on_stop;
    calls.hash_state = hash_state;
    calls.drop = drop;
    return calls;
}

static void a_life(void)
{
    xrmesh_mesh mesh = new_mesh();
    agent asks, answers;
    xrmesh_callbacks calls;
    xrmesh_send send;
    xrmesh_agent_id id;
    uint64_t before = 0, after = 0;
    memset(&asks, 0, sizeof asks);
    memset(&answers, 0, sizeof answers);
    asks.mesh = answers.mesh = mesh;
    calls = functions(&answers);
    OK(xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &answers.id));
    calls = functions(&asks);
    calls.flags = XRMESH_CALLBACKS_TICK;
    asks.peer = answers.id;
    OK(xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &id));
    CHECK(asks.started == 0);
    tick_ms(mesh, 0);
    CHECK(asks.started == 1 && answers.started == 1 && asks.id == id && asks.ticked == 1 && answers.ticked == 0);
    OK(xrmesh_mesh_state_hash(mesh, &before));
    send = to_agent(0, id);
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    tick_ms(mesh, 1);
    CHECK(asks.heard == 2 && answers.heard == 1 && asks.answer == 1234);
    OK(xrmesh_mesh_state_hash(mesh, &after));
    CHECK(before != after);
    /* A context is worth nothing once its callback has returned. */
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_context_wake_at(asks.kept, 0));
    OK(xrmesh_mesh_despawn(mesh, id));
    CHECK(asks.stopped == 1 && asks.dropped == 1);
    OK(xrmesh_mesh_destroy(mesh));
    CHECK(answers.stopped == 0 && answers.dropped == 1);

    /* A stop runs on_stop, and each drop once. */
    mesh = new_mesh();
    memset(&answers, 0, sizeof answers);
    answers.mesh = mesh;
    calls = functions(&answers);
    OK(xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &answers.id));
    tick_ms(mesh, 0);
    OK(xrmesh_mesh_stop(mesh));
    CHECK(answers.stopped == 1 && answers.dropped == 1);
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_destroy(mesh));
}

/* Whatever refuses a registration, the drop runs once. */
static void drops_after_failures(void)
{
    xrmesh_mesh mesh = new_mesh(), null, threads;
    agent self;
    xrmesh_callbacks calls;
    xrmesh_spawn_options options;
    xrmesh_mesh_options with_threads;
    xrmesh_agent_id id;
    memset(&self, 0, sizeof self);
    self.mesh = mesh;
    null.bits = 0;
    xrmesh_spawn_options_default(&options);
    options.flags = 4;
    calls = functions(&self);
#define DROPS(times, status, call)                                                                           \
    self.dropped = 0;                                                                                        \
    GIVES(status, call);                                                                                     \
    CHECK(self.dropped == (times))
    DROPS(1, XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_spawn_callbacks(null, &calls, NULL, &id));
    DROPS(1, XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, NULL));
    DROPS(1, XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_mesh_spawn_callbacks(mesh, &calls, &options, &id));
    calls.flags = 2;
    DROPS(1, XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &id));
    calls.flags = 0;
    calls.struct_size = 8;
    DROPS(0, XRMESH_ERROR_STRUCT_SIZE, xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &id));
    calls = functions(&self);
    xrmesh_mesh_options_default(&with_threads);
    with_threads.worker_threads = 2;
    OK(xrmesh_mesh_create(&with_threads, &threads));
    DROPS(1, XRMESH_ERROR_CALLBACK_THREADS, xrmesh_mesh_spawn_callbacks(threads, &calls, NULL, &id));
    OK(xrmesh_mesh_destroy(threads));
    with_threads.flags = XRMESH_MESH_CALLBACKS_ON_ANY_THREAD;
    OK(xrmesh_mesh_create(&with_threads, &threads));
    DROPS(0, XRMESH_OK, xrmesh_mesh_spawn_callbacks(threads, &calls, NULL, &id));
    DROPS(1, XRMESH_OK, xrmesh_mesh_destroy(threads));
#undef DROPS
    OK(xrmesh_mesh_destroy(mesh));
}

/* Failures count for the breaker, by their kinds. */
static void failures(void)
{
    xrmesh_mesh mesh = new_mesh();
    agent self;
    xrmesh_callbacks calls;
    xrmesh_counters counters;
    int i;
    memset(&self, 0, sizeof self);
    self.mesh = mesh;
    calls = functions(&self);
    OK(xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &self.id));
    self.returns = XRMESH_ERROR_CALLBACK;
    for (i = 0; i < 8; i++) {
        xrmesh_send send = to_agent(0, self.id);
        OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
        tick_ms(mesh, i);
        self.returns = XRMESH_FAULT_ACCURACY_DEGRADATION;
    }
    CHECK(self.heard == 5); /* then its breaker opened */
    xrmesh_counters_default(&counters);
    OK(xrmesh_mesh_counters(mesh, &counters));
    CHECK(counters.dropped[XRMESH_DROP_TRIPPED] == 3);
    OK(xrmesh_mesh_destroy(mesh));
}

static uint32_t made, types_dropped;

static xrmesh_status create(void *user_data, const uint8_t *bytes, uint32_t bytes_len, xrmesh_callbacks *callbacks)
{
    CHECK(callbacks->struct_size == sizeof *callbacks);
    if (bytes_len == 0)
        return XRMESH_ERROR_CALLBACK;
    CHECK(bytes[0] == 7);
    made++;
    *callbacks = functions((agent *)user_data);
    return XRMESH_OK;
}

static void drop_type(void *user_data)
{
    (void)user_data;
    types_dropped++;
}

static void types(void)
{
    xrmesh_mesh mesh = new_mesh();
    agent self;
    xrmesh_agent_type type;
    xrmesh_agent_id id = 0;
    const uint8_t seven = 7;
    memset(&self, 0, sizeof self);
    self.mesh = mesh;
    made = types_dropped = 0;
    xrmesh_agent_type_default(&type);
    type.user_data = &self;
    type.drop = drop_type;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_register(mesh, "agent", 5, &type));
    CHECK(types_dropped == 1);
    type.create = create;
    GIVES(XRMESH_ERROR_NAME, xrmesh_mesh_register(mesh, "", 0, &type));
    OK(xrmesh_mesh_register(mesh, "agent", 5, &type));
    CHECK(types_dropped == 2);
    GIVES(XRMESH_ERROR_NAME_TAKEN, xrmesh_mesh_register(mesh, "agent", 5, &type));
    GIVES(XRMESH_ERROR_NAME_TAKEN, xrmesh_mesh_register(mesh, "xrmesh.host", 11, &type));
    CHECK(types_dropped == 4);
    GIVES(XRMESH_ERROR_FACTORY, xrmesh_mesh_spawn_as(mesh, "agent", 5, NULL, 0, NULL, &id));
    CHECK(self.dropped == 0);
    OK(xrmesh_mesh_spawn_as(mesh, "agent", 5, &seven, 1, NULL, &id));
    tick_ms(mesh, 0);
    CHECK(made == 1 && self.started == 1);
    OK(xrmesh_mesh_destroy(mesh));
    CHECK(self.dropped == 1 && types_dropped == 5);
}

void test_callbacks(void)
{
    a_life();
    drops_after_failures();
    failures();
    types();
}
