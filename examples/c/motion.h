/* Reads the motion of a headset from a file: a recording as JSON (camera.poses[] of position, rotation in Euler degrees,
 * order YXZ, timestamp in ms) or a TUM trajectory (a line a pose: seconds, position, quaternion). C99 and C++.
 *
 * Bounded: files up to 256 MiB, a million poses, JSON 32 deep. Whatever is wrong is one line with its place. */
#ifndef MOTION_H
#define MOTION_H

#include "xrmesh.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POSES = 1000000, MOST_DEPTH = 32 };
static const size_t MOST_FILE_BYTES = (size_t)256 << 20;

/* Where the headset was at a time, in nanoseconds from the first. */
typedef struct sample {
    int64_t time_ns;
    xrmesh_pose pose;
} sample;

/* The motion, in order of time. Freed by motion_free. */
typedef struct motion {
    sample *samples;
    size_t count, room;
} motion;

static inline void motion_free(motion *self)
{
    free(self->samples);
    memset(self, 0, sizeof *self);
}

/* A file while it is read. */
typedef struct reading {
    const char *path;
    char *text; /* ends with 0 */
    const char *at;
    char wrong[256]; /* what was expected, if something was */
} reading;

/* Notes what was expected here; only the first counts. Gives 0. */
static inline int expected(reading *file, const char *what)
{
    if (file->wrong[0] == 0) {
        unsigned long line = 1, column = 1;
        const char *c;
        for (c = file->text; c < file->at; c++) {
            column = *c == '\n' ? 1 : column + 1;
            line += *c == '\n';
        }
        snprintf(file->wrong, sizeof file->wrong, "%lu:%lu: expected %s", line, column, what);
    }
    return 0;
}

static inline int add_sample(reading *file, motion *to, int64_t time_ns, const double place[3], const double turn[4])
{
    double length = sqrt(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2] + turn[3] * turn[3]);
    sample *made;
    int i;
    if (to->count == MOST_POSES)
        return expected(file, "at most 1000000 poses");
    if (to->count > 0 && time_ns <= to->samples[to->count - 1].time_ns)
        return expected(file, "a timestamp after the one before");
    if (!(length > 0.5 && length < 2))
        return expected(file, "a unit quaternion");
    if (to->count == to->room) {
        const size_t room = to->room == 0 ? 1024 : 2 * to->room;
        sample *grown = (sample *)realloc(to->samples, room * sizeof *grown);
        if (grown == NULL)
            return expected(file, "memory for its poses");
        to->samples = grown;
        to->room = room;
    }
    made = &to->samples[to->count++];
    made->time_ns = time_ns;
    for (i = 0; i < 3; i++)
        made->pose.position[i] = (float)place[i];
    for (i = 0; i < 4; i++)
        made->pose.orientation[i] = (float)(turn[i] / length);
    return 1;
}

/* a · b, as x, y, z, w. */
static inline void turned(const double a[4], const double b[4], double product[4])
{
    product[0] = a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1];
    product[1] = a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0];
    product[2] = a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3];
    product[3] = a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2];
}

static inline int number(reading *file, double most, double *value)
{
    char *end;
    *value = strtod(file->at, &end);
    if (end == file->at || !(fabs(*value) <= most))
        return expected(file, "a number in its range");
    file->at = end;
    return 1;
}

/* JSON, as far as a recording needs it. */

static inline void skip_space(reading *file)
{
    while (*file->at == ' ' || *file->at == '\n' || *file->at == '\r' || *file->at == '\t')
        file->at++;
}

static inline int sign(reading *file, char wanted)
{
    char what[] = "' '";
    skip_space(file);
    what[1] = wanted;
    if (*file->at != wanted)
        return expected(file, what);
    file->at++;
    return 1;
}

/* Whether another element follows, after `first` or a comma, in what `close` ends. −1 if neither. */
static inline int another(reading *file, int first, char close)
{
    skip_space(file);
    if (*file->at == close) {
        file->at++;
        return 0;
    }
    return first || sign(file, ',') ? 1 : -1;
}

/* A text; `into` gets its first bytes as they stand, which is enough for the keys of a recording. */
static inline int text_of(reading *file, char *into, size_t room)
{
    size_t length = 0;
    if (!sign(file, '"'))
        return 0;
    for (; *file->at != '"'; file->at++) {
        if (*file->at == 0 || (*file->at == '\\' && *++file->at == 0))
            return expected(file, "the end of a text");
        if (length + 1 < room)
            into[length++] = *file->at;
    }
    file->at++;
    if (room > 0)
        into[length] = 0;
    return 1;
}

static inline int skip_value(reading *file, int depth)
{
    char close;
    int more, first;
    skip_space(file);
    if (depth > MOST_DEPTH)
        return expected(file, "values at most 32 deep");
    if (*file->at == '"')
        return text_of(file, NULL, 0);
    if (*file->at != '{' && *file->at != '[') {
        static const char *const WORDS[] = {"true", "false", "null"};
        double ignored;
        size_t i;
        for (i = 0; i < 3; i++) {
            const size_t length = strlen(WORDS[i]);
            if (strncmp(file->at, WORDS[i], length) == 0) {
                file->at += length;
                return 1;
            }
        }
        return number(file, HUGE_VAL, &ignored);
    }
    close = *file->at++ == '{' ? '}' : ']';
    for (first = 1; (more = another(file, first, close)) == 1; first = 0) {
        if (close == '}' && !(text_of(file, NULL, 0) && sign(file, ':')))
            return 0;
        if (!skip_value(file, depth + 1))
            return 0;
    }
    return more == 0;
}

/* An object with x, y and z. */
static inline int xyz(reading *file, double most, double values[3])
{
    int more, first, found = 0;
    char key[8];
    if (!sign(file, '{'))
        return 0;
    for (first = 1; (more = another(file, first, '}')) == 1; first = 0) {
        if (!text_of(file, key, sizeof key) || !sign(file, ':'))
            return 0;
        if (key[0] >= 'x' && key[0] <= 'z' && key[1] == 0) {
            skip_space(file);
            if (!number(file, most, &values[key[0] - 'x']))
                return 0;
            found |= 1 << (key[0] - 'x');
        } else if (!skip_value(file, 0)) {
            return 0;
        }
    }
    return more == 0 && (found == 7 || expected(file, "x, y and z"));
}

static inline int pose_of_recording(reading *file, motion *to, double *origin_ms)
{
    static const double RADIANS = 0.017453292519943295 / 2; /* of half a degree */
    double place[3], degrees[3], time_ms = 0, turn[4], x[4] = {0}, y[4] = {0}, z[4] = {0}, yx[4];
    int more, first, found = 0;
    char key[16];
    if (!sign(file, '{'))
        return 0;
    for (first = 1; (more = another(file, first, '}')) == 1; first = 0) {
        if (!text_of(file, key, sizeof key) || !sign(file, ':'))
            return 0;
        skip_space(file);
        if (strcmp(key, "position") == 0)
            found |= xyz(file, 1e4, place);
        else if (strcmp(key, "rotation") == 0)
            found |= xyz(file, 1e6, degrees) << 1;
        else if (strcmp(key, "timestamp") == 0)
            found |= number(file, 1e15, &time_ms) << 2;
        else
            skip_value(file, 0);
        if (file->wrong[0] != 0)
            return 0;
    }
    if (more != 0 || (found != 7 && !expected(file, "position, rotation and timestamp")))
        return 0;
    if (to->count == 0)
        *origin_ms = time_ms;
    x[0] = sin(degrees[0] * RADIANS), x[3] = cos(degrees[0] * RADIANS);
    y[1] = sin(degrees[1] * RADIANS), y[3] = cos(degrees[1] * RADIANS);
    z[2] = sin(degrees[2] * RADIANS), z[3] = cos(degrees[2] * RADIANS);
    turned(y, x, yx);
    turned(yx, z, turn);
    return add_sample(file, to, (int64_t)floor((time_ms - *origin_ms) * 1e6 + 0.5), place, turn);
}

/* Goes into the member `key` of an object, past all others; `depth` 2: camera, then poses. */
static inline int recording(reading *file, motion *to, int depth)
{
    static const char *const KEYS[] = {"poses", "camera"};
    int more, first, found = 0;
    char key[32];
    double origin_ms = 0;
    if (depth == 0) {
        if (!sign(file, '['))
            return 0;
        for (first = 1; (more = another(file, first, ']')) == 1; first = 0)
            if (!pose_of_recording(file, to, &origin_ms))
                return 0;
        return more == 0;
    }
    if (!sign(file, '{'))
        return 0;
    for (first = 1; (more = another(file, first, '}')) == 1; first = 0) {
        if (!text_of(file, key, sizeof key) || !sign(file, ':'))
            return 0;
        if (strcmp(key, KEYS[depth - 1]) == 0 ? !recording(file, to, depth - 1) : !skip_value(file, 0))
            return 0;
        found |= strcmp(key, KEYS[depth - 1]) == 0;
    }
    return more == 0 && (found || expected(file, depth == 2 ? "a headset recording with camera.poses" : "poses"));
}

/* Lines of 8 numbers; # begins a comment. The benchmark has Z up, and its camera looks along +Z with Y down. */
static inline int trajectory(reading *file, motion *to)
{
    static const double Z_UP_TO_Y_UP[4] = {-0.70710678118654752, 0, 0, 0.70710678118654752};
    static const double HEADSET_TO_CAMERA[4] = {1, 0, 0, 0};
    static const double MOST[8] = {1e11, 1e4, 1e4, 1e4, 2, 2, 2, 2};
    double origin_s = 0;
    for (;;) {
        double values[8], place[3], up[4], turn[4];
        int i;
        while (isspace((unsigned char)*file->at) || *file->at == '#') {
            if (*file->at == '#')
                file->at += strcspn(file->at, "\n");
            else
                file->at++;
        }
        if (*file->at == 0)
            return 1;
        for (i = 0; i < 8; i++) {
            file->at += strspn(file->at, " \t");
            if (*file->at == '\n' || *file->at == 0)
                return expected(file, "8 numbers (timestamp tx ty tz qx qy qz qw)");
            if (!number(file, MOST[i], &values[i]))
                return 0;
        }
        file->at += strspn(file->at, " \t\r");
        if (*file->at != '\n' && *file->at != '#' && *file->at != 0)
            return expected(file, "the end of the line after 8 numbers");
        if (to->count == 0)
            origin_s = values[0];
        place[0] = values[1], place[1] = values[3], place[2] = -values[2];
        turned(Z_UP_TO_Y_UP, values + 4, up);
        turned(up, HEADSET_TO_CAMERA, turn);
        if (!add_sample(file, to, (int64_t)floor((values[0] - origin_s) * 1e9 + 0.5), place, turn))
            return 0;
    }
}

/* Reads a file of either kind. 0 after a line on standard error. */
static inline int motion_load(const char *program, const char *path, motion *to)
{
    reading file;
    FILE *from = fopen(path, "rb");
    long bytes = -1;
    memset(&file, 0, sizeof file);
    memset(to, 0, sizeof *to);
    file.path = path;
    if (from == NULL) {
        fprintf(stderr, "%s: %s: expected a readable file\n", program, path);
        return 0;
    }
    if (fseek(from, 0, SEEK_END) == 0)
        bytes = ftell(from);
    rewind(from);
    if (bytes < 0 || (unsigned long)bytes > MOST_FILE_BYTES || (file.text = (char *)malloc((size_t)bytes + 1)) == NULL ||
        fread(file.text, 1, (size_t)bytes, from) != (size_t)bytes) {
        fprintf(stderr, "%s: %s: expected a file of at most 256 MiB\n", program, path);
        free(file.text);
        fclose(from);
        return 0;
    }
    fclose(from);
    file.text[bytes] = 0;
    file.at = file.text;
    skip_space(&file);
    if (strlen(file.text) != (size_t)bytes)
        file.at = file.text + strlen(file.text), expected(&file, "a file of text");
    else if (*file.at == '{' ? recording(&file, to, 2) : trajectory(&file, to)) {
        skip_space(&file);
        if (*file.at != 0)
            expected(&file, "the end of the file");
        else if (to->count == 0)
            expected(&file, "at least one pose");
    }
    free(file.text);
    if (file.wrong[0] != 0) {
        fprintf(stderr, "%s: %s:%s\n", program, path, file.wrong);
        motion_free(to);
        return 0;
    }
    return 1;
}

/* Where the headset is at a time: forwards, then backwards, and so on, straight from sample to sample. */
static inline xrmesh_pose motion_at(const motion *self, int64_t time_ns)
{
    const int64_t end = self->samples[self->count - 1].time_ns;
    size_t low = 0, high = self->count - 1;
    xrmesh_pose pose = self->samples[0].pose;
    const sample *a, *b;
    float share, dot = 0, length = 0;
    int i;
    if (end == 0)
        return pose;
    time_ns %= 2 * end;
    time_ns = time_ns > end ? 2 * end - time_ns : time_ns;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (self->samples[middle].time_ns <= time_ns)
            low = middle;
        else
            high = middle;
    }
    a = &self->samples[low], b = &self->samples[high];
    share = (float)(time_ns - a->time_ns) / (float)(b->time_ns - a->time_ns);
    for (i = 0; i < 3; i++)
        pose.position[i] = a->pose.position[i] + share * (b->pose.position[i] - a->pose.position[i]);
    for (i = 0; i < 4; i++)
        dot += a->pose.orientation[i] * b->pose.orientation[i];
    for (i = 0; i < 4; i++) {
        const float to = dot < 0 ? -b->pose.orientation[i] : b->pose.orientation[i];
        pose.orientation[i] = a->pose.orientation[i] + share * (to - a->pose.orientation[i]);
        length += pose.orientation[i] * pose.orientation[i];
    }
    for (i = 0; i < 4; i++)
        pose.orientation[i] /= sqrtf(length);
    return pose;
}

/* Moves all of it in the plane. */
static inline void motion_shift(motion *self, float x, float z)
{
    size_t i;
    for (i = 0; i < self->count; i++) {
        self->samples[i].pose.position[0] += x;
        self->samples[i].pose.position[2] += z;
    }
}

/* Its middle in the plane. */
static inline void motion_middle(const motion *self, float *x, float *z)
{
    double sum_x = 0, sum_z = 0;
    size_t i;
    for (i = 0; i < self->count; i++) {
        sum_x += self->samples[i].pose.position[0];
        sum_z += self->samples[i].pose.position[2];
    }
    *x = (float)(sum_x / (double)self->count);
    *z = (float)(sum_z / (double)self->count);
}

/* A walk to stand in for a file: half a minute around a point at eye height, looking ahead and a little down. 0 without
 * memory for it. */
static inline int motion_generate(motion *to)
{
    reading none;
    int64_t step;
    memset(to, 0, sizeof *to);
    memset(&none, 0, sizeof none);
    none.text = none.wrong + sizeof none.wrong - 1; /* no text */
    none.at = none.text;
    for (step = 0; step < 2700; step++) {
        const double turn = 6.283185307179586 * (double)step / 900, half = 3.141592653589793 / 2 - turn / 2;
        const double place[3] = {1.2 * cos(turn), 1.6 + 0.02 * sin(8 * turn), 1.2 * sin(turn)};
        const double ahead[4] = {0, sin(half + 1.5707963), 0, cos(half + 1.5707963)}, down[4] = {-0.13, 0, 0, 0.99};
        double both[4];
        turned(ahead, down, both);
        if (!add_sample(&none, to, step * 11111111, place, both))
            return 0;
    }
    return 1;
}

#endif
