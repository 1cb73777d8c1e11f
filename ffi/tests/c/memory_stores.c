/* Memories on disk: what a crash leaves, damage, checkpoints; and as maps. */
#include "memory.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char STORE[] = "memory.store";
#define STORE_LEN ((uint32_t)(sizeof STORE - 1))

static void clear_store(void)
{
    DIR *folder = opendir(STORE);
    struct dirent *entry;
    char path[512];
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", STORE, entry->d_name);
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            unlink(path);
    }
    if (folder != NULL)
        closedir(folder);
    rmdir(STORE);
}

static xrmesh_memory opened(xrmesh_recovery *recovery)
{
    xrmesh_memory_options options;
    xrmesh_memory memory;
    xrmesh_memory_options_default(&options);
    options.reserve_bytes = 0;
    options.block_bytes = 4096;
    xrmesh_recovery_default(recovery);
    OK(xrmesh_memory_open(STORE, STORE_LEN, &options, &memory, recovery));
    return memory;
}

static void a_crash_loses_nothing_acknowledged(void)
{
    xrmesh_recovery recovery;
    xrmesh_memory_options options;
    xrmesh_memory memory, second;
    xrmesh_object object;
    xrmesh_object_id kept;
    xrmesh_memory_stats stats;
    pid_t child;
    FILE *file;
    int ended = 0;
    uint64_t acknowledged = 0, hash, durable = 0;
    char text[256];
    uint32_t len = 0;
    clear_store();
    memory = opened(&recovery);
    CHECK(recovery.through == 0 && recovery.log_records == 0 && recovery.is_torn == 0);
    xrmesh_memory_options_default(&options);
    GIVES(XRMESH_ERROR_STORE_LOCKED, xrmesh_memory_open(STORE, STORE_LEN, &options, &second, NULL));
    kept = put(memory, class_of(memory, "chair"), 1, 2, 3);
    OK(xrmesh_memory_flush(memory, &acknowledged));
    CHECK(acknowledged == 2);
    hash = hash_of(memory);
    OK(xrmesh_memory_close(memory, NULL));
    /* A process that ends amid its work: what it had flushed is there, what waited in its RAM is not. */
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        memory = opened(&recovery);
        put(memory, 0, 1, 1, 1);
        OK(xrmesh_memory_flush(memory, &acknowledged));
        put(memory, 0, 4, 5, 6);
        OK(xrmesh_memory_durable_through(memory, &durable));
        _exit(acknowledged == 3 && durable == 3 ? 0 : 1);
    }
    CHECK(waitpid(child, &ended, 0) == child && WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    memory = opened(&recovery);
    CHECK(recovery.through == 3);
    OK(xrmesh_memory_recovery(memory, text, sizeof text, &len));
    CHECK(len > 10 && memcmp(text, "changes up to", 13) == 0);
    OK(xrmesh_memory_object(memory, kept, &object, NULL, 0));
    OK(xrmesh_memory_object(memory, kept, &object, NULL, 16)); /* no room, whatever is said of it */
    CHECK(object.pose.position[2] == 3 && hash_of(memory) != hash);
    xrmesh_memory_stats_default(&stats);
    OK(xrmesh_memory_counters(memory, &stats));
    CHECK(stats.objects == 2 && stats.durable_through == 3);
    put(memory, 0, 7, 8, 9);
    publish_ms(memory, 5);
    OK(xrmesh_memory_flush_behind(memory, &durable));
    CHECK(durable == 4);
    hash = hash_of(memory);
    OK(xrmesh_memory_destroy(memory)); /* without a flush: written all the same */
    memory = opened(&recovery);
    CHECK(hash_of(memory) == hash && recovery.through == 4);
    OK(xrmesh_memory_close(memory, &durable));
    CHECK(durable == 4);
    file = fopen("plain.txt", "wb");
    CHECK(file != NULL);
    fclose(file);
    GIVES(XRMESH_ERROR_IO, xrmesh_memory_open(TEXT("plain.txt"), &options, &memory, NULL));
    CHECK(said("is not a folder"));
    remove("plain.txt");
}

static void checkpoints(void)
{
    xrmesh_recovery recovery;
    xrmesh_memory_options options;
    xrmesh_memory memory;
    xrmesh_checkpoint checkpoint, second;
    xrmesh_checkpoint_progress progress;
    xrmesh_compacted compacted;
    uint64_t hash;
    int i;
    clear_store();
    memory = opened(&recovery);
    class_of(memory, "a");
    for (i = 0; i < 2000; i++)
        put(memory, 0, (float)i, 0, 0);
    OK(xrmesh_memory_flush(memory, NULL));
    OK(xrmesh_memory_checkpoint(memory, &checkpoint));
    GIVES(XRMESH_ERROR_CHECKPOINT, xrmesh_memory_checkpoint(memory, &second));
    put(memory, 0, 0, 1, 0); /* the memory goes on */
    GIVES(XRMESH_MORE, xrmesh_checkpoint_step(checkpoint, 1, &progress));
    CHECK(progress.is_written == 0 && progress.through == 2001);
    while (xrmesh_checkpoint_step(checkpoint, 10000, &progress) == XRMESH_MORE)
        ;
    CHECK(progress.is_written == 1 && progress.bytes > 50000);
    GIVES(XRMESH_ERROR_CHECKPOINT, xrmesh_checkpoint_step(checkpoint, 1, &progress));
    OK(xrmesh_checkpoint_destroy(checkpoint));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_checkpoint_step(checkpoint, 1, NULL));
    hash = hash_of(memory);
    OK(xrmesh_memory_close(memory, NULL));
    memory = opened(&recovery);
    CHECK(recovery.image_through == 2001 && recovery.log_records == 1 && hash_of(memory) == hash);
    OK(xrmesh_memory_close(memory, NULL));
    xrmesh_memory_options_default(&options);
    OK(xrmesh_store_compact(STORE, STORE_LEN, &options, &compacted));
    CHECK(compacted.objects == 2001 && compacted.bytes_after > 0);
    memory = opened(&recovery);
    CHECK(recovery.image_through == 2002 && hash_of(memory) == hash);
    OK(xrmesh_memory_destroy(memory));
}

/* Changes one byte in the middle of the store's largest file. */
static void damage(void)
{
    DIR *folder = opendir(STORE);
    struct dirent *entry;
    struct stat found;
    char path[512], largest[512] = "";
    long most = 0;
    FILE *file;
    int byte;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", STORE, entry->d_name);
        if (stat(path, &found) == 0 && S_ISREG(found.st_mode) && found.st_size > most) {
            most = (long)found.st_size;
            memcpy(largest, path, sizeof path);
        }
    }
    closedir(folder);
    file = fopen(largest, "r+b");
    CHECK(file != NULL && fseek(file, most / 2, SEEK_SET) == 0);
    byte = fgetc(file);
    CHECK(fseek(file, most / 2, SEEK_SET) == 0 && fputc(byte ^ 0x40, file) != EOF);
    fclose(file);
}

static void a_damaged_store(void)
{
    xrmesh_store_report report;
    xrmesh_recovery recovery;
    xrmesh_memory_options options;
    xrmesh_memory memory;
    char text[2048];
    uint32_t len = 0;
    int i;
    clear_store();
    xrmesh_store_report_default(&report);
    GIVES(XRMESH_ERROR_IO, xrmesh_store_verify(STORE, STORE_LEN, &report, NULL, 0, &len));
    memory = opened(&recovery);
    class_of(memory, "a");
    for (i = 0; i < 200; i++) {
        put(memory, 0, (float)i, 0, 0);
        if (i % 20 == 0)
            OK(xrmesh_memory_flush(memory, NULL));
    }
    OK(xrmesh_memory_flush(memory, NULL));
    GIVES(XRMESH_ERROR_STORE_LOCKED, xrmesh_store_verify(STORE, STORE_LEN, &report, NULL, 0, &len));
    OK(xrmesh_memory_close(memory, NULL));
    OK(xrmesh_store_verify(STORE, STORE_LEN, &report, text, sizeof text, &len));
    CHECK(report.is_sound == 1 && report.fault == XRMESH_OK && report.through == 201 && report.records == 201);
    CHECK(report.damaged_files == 0 && len > 20);
    damage();
    OK(xrmesh_store_verify(STORE, STORE_LEN, &report, text, sizeof text - 1, &len));
    text[len] = 0;
    CHECK(report.is_sound == 0 && report.fault == XRMESH_ERROR_CORRUPT && report.damaged_files == 1);
    CHECK(strstr(text, "damaged: ") != NULL && strstr(text, "at byte") != NULL);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_store_verify(STORE, STORE_LEN, &report, text, 10, &len));
    CHECK(len > 20);
    xrmesh_memory_options_default(&options);
    GIVES(XRMESH_ERROR_CORRUPT, xrmesh_memory_open(STORE, STORE_LEN, &options, &memory, NULL));
    CHECK(said("byte"));
    clear_store();
}

typedef struct {
    char *text;
    uint32_t len, room, calls, dropped, read;
    xrmesh_snapshot ends; /* destroyed by the first call */
} collected;

static xrmesh_status collect(void *user_data, const uint8_t *bytes, uint32_t bytes_len, uint32_t *taken)
{
    collected *to = (collected *)user_data;
    xrmesh_memory none;
    xrmesh_memory_options options;
    (void)taken;
    if (to->len + bytes_len > to->room)
        return XRMESH_ERROR_CALLBACK;
    if (bytes_len > 5000)
        *taken = bytes_len = 5000;
    memcpy(to->text + to->len, bytes, bytes_len);
    to->len += bytes_len;
    to->calls++;
    xrmesh_memory_options_default(&options);
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_memory_create(&options, &none));
    if (to->ends.bits != 0) {
        OK(xrmesh_snapshot_destroy(to->ends));
        to->ends.bits = 0;
    }
    return XRMESH_OK;
}

static xrmesh_status give(void *user_data, uint8_t *bytes, uint32_t capacity, uint32_t *given)
{
    collected *from = (collected *)user_data;
    const uint32_t left = from->len - from->read;
    *given = left < capacity ? left : capacity;
    memcpy(bytes, from->text + from->read, *given);
    from->read += *given;
    return from->read > 50000 && from->calls == 0 ? XRMESH_ERROR_CALLBACK : XRMESH_OK;
}

static void drop(void *user_data) { ((collected *)user_data)->dropped++; }

static void maps(void)
{
    static char text[400000];
    static char truncated[400000];
    collected to;
    xrmesh_writer writer;
    xrmesh_reader reader;
    xrmesh_memory memory = new_memory(), other = new_memory();
    xrmesh_exported exported;
    xrmesh_imported imported;
    xrmesh_snapshot snapshot, other_snapshot;
    xrmesh_anchor_id desk = 0;
    xrmesh_pose pose = at(0, 1, 0);
    uint64_t hash;
    FILE *file;
    int i;
    class_of(memory, "chair");
    OK(xrmesh_memory_add_anchor(memory, TEXT("desk"), XRMESH_ANCHOR_WORLD, &pose, &desk));
    for (i = 0; i < 300; i++)
        put(memory, 0, (float)i, 0, -1);
    publish_ms(memory, 1);
    snapshot = snapshot_of(memory);
    xrmesh_writer_default(&writer);
    writer.buffer_bytes = 4096;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_snapshot_export_to(snapshot, &writer, 0, NULL));
    writer.write = collect;
    writer.user_data = &to;
    writer.drop = drop;
    memset(&to, 0, sizeof to);
    to.text = text;
    to.room = sizeof text;
    OK(xrmesh_snapshot_export_to(snapshot, &writer, 1500000000, &exported));
    CHECK(exported.objects == 300 && exported.bytes == to.len && to.calls >= 2 && to.dropped == 1);
    to.len = 0;
    other_snapshot = to.ends = snapshot_of(memory);
    OK(xrmesh_snapshot_export_to(to.ends, &writer, 1500000000, &exported));
    CHECK(exported.objects == 300 && exported.bytes == to.len);
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_snapshot_destroy(other_snapshot));
    to.len = 0;
    to.room = 1000;
    GIVES(XRMESH_ERROR_CALLBACK, xrmesh_snapshot_export_to(snapshot, &writer, 0, NULL));
    CHECK(to.dropped == 3);
    OK(xrmesh_snapshot_export(snapshot, TEXT("map.json"), 1500000000, NULL));
    OK(xrmesh_memory_export(memory, TEXT("map.json"), 1500000000, &exported));
    CHECK(exported.objects == 300);
    GIVES(XRMESH_ERROR_IO, xrmesh_memory_export(memory, TEXT("no/such/folder.json"), 0, NULL));
    OK(xrmesh_snapshot_destroy(snapshot));

    /* A new memory becomes the same. */
    OK(xrmesh_memory_import(other, TEXT("map.json"), 0, &imported));
    CHECK(imported.objects == 300 && imported.anchors == 1 && imported.kept_ids == 1);
    CHECK(hash_of(other) == hash_of(memory));
    OK(xrmesh_memory_destroy(other));
    other = new_memory();
    to.len = (uint32_t)exported.bytes;
    OK(xrmesh_memory_import_bytes(other, (const uint8_t *)text, to.len, 0, NULL));
    CHECK(hash_of(other) == hash_of(memory));

    OK(xrmesh_memory_destroy(other));
    other = new_memory();
    xrmesh_reader_default(&reader);
    reader.read = give;
    reader.drop = drop;
    reader.user_data = &to;
    OK(xrmesh_memory_import_from(other, &reader, 0, &imported));
    CHECK(imported.objects == 300 && to.dropped == 4 && hash_of(other) == hash_of(memory));
    to.read = to.calls = 0; /* now it fails midway */
    hash = hash_of(other);
    GIVES(XRMESH_ERROR_IO, xrmesh_memory_import_from(other, &reader, 0, &imported));
    CHECK(said("the host's read") && to.dropped == 5 && hash_of(other) == hash);

    /* One that is cut off: where, and nothing has changed. */
    hash = hash_of(other);
    memcpy(truncated, text, to.len / 2);
    GIVES(XRMESH_ERROR_MAP, xrmesh_memory_import_bytes(other, (const uint8_t *)truncated, to.len / 2, 0, &imported));
    CHECK(said("line ") && said("column ") && said("objects"));
    CHECK(hash_of(other) == hash);
    file = fopen("cut.json", "wb");
    CHECK(file != NULL && fwrite(text, 1, to.len / 2, file) == to.len / 2);
    fclose(file);
    GIVES(XRMESH_ERROR_MAP, xrmesh_memory_import(other, TEXT("cut.json"), 0, NULL));
    CHECK(said("line ") && hash_of(other) == hash);
    GIVES(XRMESH_ERROR_IO, xrmesh_memory_import(other, TEXT("none.json"), 0, NULL));
    GIVES(XRMESH_ERROR_MAP, xrmesh_memory_import_bytes(other, NULL, 0, 0, NULL));
    GIVES(XRMESH_ERROR_MAP, xrmesh_memory_import_room_bytes(other, (const uint8_t *)"[1", 2, 0, NULL));
    GIVES(XRMESH_ERROR_IO, xrmesh_memory_import_room(other, TEXT("none.json"), 0, NULL));
    CHECK(hash_of(other) == hash);
    OK(xrmesh_memory_destroy(memory));
    OK(xrmesh_memory_destroy(other));
    remove("map.json");
    remove("cut.json");
}

void test_memory_stores(void)
{
    a_crash_loses_nothing_acknowledged();
    checkpoints();
    a_damaged_store();
    maps();
}
