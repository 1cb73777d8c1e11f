/* The end of the generated program.
 *
 *   fuzz SEED SECONDS [ROUND]
 *
 * A round is 4,000 calls from a seed of its own, every third by two threads at once, and then shuts everything down.
 * Ends at the first round after SECONDS; with ROUND runs that one alone. Fails if a call crashes, panics or takes
 * longer than a minute, if handles stay, or if the calls do not get anywhere. */
enum { CALLS = sizeof CALL / sizeof CALL[0], CALLS_A_ROUND = 4000, HANG_SECONDS = 60 };

static uint64_t tried[CALLS], succeeded[CALLS];

static void any_call(void)
{
    const int held = buffers_held;
    /* In a callback mostly what is meant for it. */
    const int meant = depth > 0 && !one_in(4);
    xrmesh_status status;
    uint32_t at;
    do
        at = below(CALLS);
    while (!one_in(CALL[at].one_in) || (meant && !CALL[at].for_callbacks));
    last_call = CALL[at].name;
    __atomic_fetch_add(&tried[at], 1, __ATOMIC_RELAXED);
    status = CALL[at].run();
    if (status == XRMESH_ERROR_PANIC) {
        char text[1024];
        uint32_t length = 0;
        xrmesh_last_error(text, sizeof text, &length);
        fprintf(stderr, "%s: %.*s\n", CALL[at].name, (int)length, text);
        abort();
    }
    if (status >= 0)
        __atomic_fetch_add(&succeeded[at], 1, __ATOMIC_RELAXED);
    give_back(held);
    __atomic_fetch_add(&calls_done, 1, __ATOMIC_RELAXED);
}

static void say_where(void)
{
    fprintf(stderr, "in round %llu, call %llu, last begun: %s\n", (unsigned long long)round_seed,
            (unsigned long long)calls_done, last_call);
}

static void died(int number)
{
    say_where();
    signal(number, SIG_DFL);
    raise(number);
}

static void *watch(void *unused)
{
    uint64_t before = UINT64_MAX;
    int seconds = 0;
    for (;;) {
        const uint64_t done = __atomic_load_n(&calls_done, __ATOMIC_RELAXED);
        seconds = done == before ? seconds + 1 : 0;
        before = done;
        if (seconds > HANG_SECONDS) {
            fprintf(stderr, "no call ended for %d s\n", HANG_SECONDS);
            abort();
        }
        sleep(1);
    }
    return unused;
}

static void *calls(void *seed)
{
    int call;
    chance_state = *(uint64_t *)seed;
    for (call = 0; call < CALLS_A_ROUND; call++)
        any_call();
    return NULL;
}

/* What most calls need to get beyond the look at their handles. */
static void begin_round(void)
{
    static const double weights[4] = {1, 0, 0, 1};
    int at, agent;
    memset(handles, 0, sizeof handles);
    memset(ids, 0, sizeof ids);
    memset(objects, 0, sizeof objects);
    mesh_ns = 0;
    for (at = 0; at < 4; at++) {
        xrmesh_mesh_options options;
        xrmesh_mesh mesh = {0};
        xrmesh_sender sender = {0};
        xrmesh_lane lane = {0};
        xrmesh_processor_options processor_options;
        xrmesh_processor processor = {0};
        xrmesh_layer layer;
        xrmesh_histogram histogram = {0};
        uint32_t number;
        xrmesh_memory_options limits;
        xrmesh_memory memory = {0};
        xrmesh_snapshot snapshot = {0};
        xrmesh_workspace workspace = {0};
        xrmesh_subscription subscription = {0};
        xrmesh_object things[8];
        xrmesh_mesh_options_default(&options);
        options.worker_threads = (uint32_t)at % 3;
        options.flags = at % 3 == 2 ? XRMESH_MESH_CALLBACKS_ON_ANY_THREAD : 0;
        if (xrmesh_mesh_create(&options, &mesh) < 0)
            abort();
        for (agent = 0; agent < 4; agent++)
            if (xrmesh_mesh_spawn(mesh, NULL, &ids[at * 8 + agent]) < 0)
                abort();
        for (; agent < 8; agent++) {
            xrmesh_callbacks callbacks;
            xrmesh_callbacks_default(&callbacks);
            callbacks.flags = agent % 2 ? XRMESH_CALLBACKS_TICK : 0;
            callbacks.on_start = fuzz_on_start;
            callbacks.on_message = fuzz_on_message;
            callbacks.on_tick = fuzz_on_tick;
            callbacks.on_stop = fuzz_on_stop;
            if (xrmesh_mesh_spawn_callbacks(mesh, &callbacks, NULL, &ids[at * 8 + agent]) < 0)
                abort();
        }
        xrmesh_mesh_sender(mesh, &sender);
        xrmesh_mesh_lane(mesh, &lane);
        xrmesh_processor_options_default(&processor_options);
        memset(&layer, 0, sizeof layer);
        layer.rows = layer.columns = 2;
        xrmesh_processor_create(&processor_options, &layer, 1, weights, 4, &processor);
        xrmesh_mesh_add_processor(mesh, "net", 3, processor, &number);
        xrmesh_histogram_create(&histogram);
        handles[KIND_xrmesh_mesh][at] = handles[KIND_xrmesh_mesh][at + 4] = mesh.bits;
        handles[KIND_xrmesh_sender][at] = handles[KIND_xrmesh_sender][at + 4] = sender.bits;
        handles[KIND_xrmesh_lane][at] = lane.bits;
        handles[KIND_xrmesh_processor][at] = processor.bits;
        handles[KIND_xrmesh_histogram][at] = histogram.bits;
        xrmesh_memory_options_default(&limits);
        limits.history_bytes = at == 0 ? 1 << 20 : 0;
        if (xrmesh_memory_create(&limits, &memory) < 0)
            abort();
        xrmesh_memory_class(memory, "a", 1, &number);
        xrmesh_memory_class(memory, "room", 4, &number);
        for (agent = 0; agent < 8; agent++) {
            xrmesh_object_default(&things[agent]);
            things[agent].class_id = (uint32_t)agent % 2;
            things[agent].pose.position[0] = (float)agent / 4;
        }
        xrmesh_memory_insert(memory, things, &objects[at * 8], 8, NULL, 0, NULL);
        xrmesh_memory_publish(memory, 0, NULL);
        xrmesh_memory_snapshot(memory, &snapshot);
        xrmesh_memory_subscribe(memory, NULL, NULL, 4, &subscription);
        xrmesh_workspace_create(0, &workspace);
        if (at == 3 && xrmesh_mesh_attach_memory(mesh, memory) < 0)
            abort();
        handles[KIND_xrmesh_memory][at] = handles[KIND_xrmesh_memory][at + 4] = memory.bits;
        handles[KIND_xrmesh_snapshot][at] = handles[KIND_xrmesh_snapshot][at + 4] = snapshot.bits;
        handles[KIND_xrmesh_workspace][at] = handles[KIND_xrmesh_workspace][at + 4] = workspace.bits;
        handles[KIND_xrmesh_subscription][at] = subscription.bits;
    }
}

int main(int count, char **words)
{
    pthread_t watcher;
    struct timespec begun, now;
    uint64_t seed, first, round, seconds;
    int reached = 0, at;
    if (count < 3)
        return 2;
    seed = strtoull(words[1], NULL, 0);
    seconds = strtoull(words[2], NULL, 0);
    first = count > 3 ? strtoull(words[3], NULL, 0) : seed * 1000003;
    void (*asan)(void (*)(void)) = NULL;
    *(void **)&asan = dlsym(RTLD_DEFAULT, "__asan_set_death_callback");
    if (asan != NULL) {
        asan(say_where);
    } else {
        signal(SIGSEGV, died);
        signal(SIGBUS, died);
        signal(SIGILL, died);
        signal(SIGFPE, died);
    }
    signal(SIGABRT, died);
    if (pthread_create(&watcher, NULL, watch, NULL) != 0)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (round = first;; round++) {
        uint64_t seeds[2];
        uint32_t left = 0;
        round_seed = round;
        seeds[0] = round * 2 + 1;
        seeds[1] = round * 2 + 2;
        chance_state = seeds[0];
        begin_round();
        if (round % 3 == 2) {
            pthread_t other;
            if (pthread_create(&other, NULL, calls, &seeds[1]) != 0)
                return 2;
            calls(&seeds[0]);
            pthread_join(other, NULL);
        } else {
            calls(&seeds[0]);
        }
        last_call = "xrmesh_shutdown_all";
        if (xrmesh_shutdown_all(NULL) != XRMESH_OK || xrmesh_shutdown_all(&left) != XRMESH_OK || left != 0) {
            say_where();
            fprintf(stderr, "%u handles stay\n", left);
            return 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (count > 3 || (uint64_t)(now.tv_sec - begun.tv_sec) >= seconds)
            break;
    }
    for (at = 0; at < CALLS; at++) {
        reached += succeeded[at] > 0;
        if (tried[at] == 0 && count <= 3) {
            fprintf(stderr, "%s was never called\n", CALL[at].name);
            return 1;
        }
        if (succeeded[at] == 0)
            printf("never with success: %s\n", CALL[at].name);
    }
    printf("seed %llu: %llu calls and %llu callbacks in %llu rounds, %d of %d functions with success\n",
           (unsigned long long)seed, (unsigned long long)calls_done, (unsigned long long)callbacks_run, (unsigned long long)(round - first + 1), reached, CALLS);
    /* Otherwise the calls only bounce off. */
    return count <= 3 && reached * 10 < CALLS * 8;
}
