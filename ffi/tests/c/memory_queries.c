/* Queries, held against looking at every object. */
#include "memory.h"

#include <math.h>

enum { OBJECTS = 700, QUESTIONS = 60, MOST = 800 };

typedef struct {
    xrmesh_object_id id;
    xrmesh_class_id class_id;
    xrmesh_box box;
} thing;

static thing world[OBJECTS];
static uint32_t seed = 12345;

/* A multiple of 1/64, so that sums and boxes are exact. */
static float chance(float most)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(int)((float)(seed >> 8) / 16777216.0f * most * 64) / 64;
}

static xrmesh_memory random_world(void)
{
    xrmesh_memory memory = new_memory();
    static xrmesh_object objects[OBJECTS];
    static xrmesh_object_id ids[OBJECTS];
    int i, axis;
    class_of(memory, "chair");
    class_of(memory, "table");
    class_of(memory, "lamp");
    for (i = 0; i < OBJECTS; i++) {
        xrmesh_object_default(&objects[i]);
        objects[i].class_id = (uint32_t)i % 3;
        for (axis = 0; axis < 3; axis++) {
            objects[i].pose.position[axis] = chance(20) - 10;
            objects[i].half_extents[axis] = i % 4 == 0 ? 0 : chance(1);
        }
    }
    OK(xrmesh_memory_insert(memory, objects, ids, OBJECTS, NULL, 0, NULL));
    for (i = 0; i < OBJECTS; i++) {
        world[i].id = ids[i];
        world[i].class_id = objects[i].class_id;
        for (axis = 0; axis < 3; axis++) {
            world[i].box.low[axis] = objects[i].pose.position[axis] - objects[i].half_extents[axis];
            world[i].box.high[axis] = objects[i].pose.position[axis] + objects[i].half_extents[axis];
        }
    }
    publish_ms(memory, 0);
    return memory;
}

static double distance_squared(const thing *one, xrmesh_point from)
{
    const float place[3] = {from.x, from.y, from.z};
    double sum = 0;
    int axis;
    for (axis = 0; axis < 3; axis++) {
        double off = 0;
        if (place[axis] < one->box.low[axis])
            off = (double)one->box.low[axis] - place[axis];
        else if (place[axis] > one->box.high[axis])
            off = (double)place[axis] - one->box.high[axis];
        sum += off * off;
    }
    return sum;
}

static xrmesh_point place;

static int nearer(const void *a, const void *b)
{
    const thing *one = (const thing *)a, *other = (const thing *)b;
    const double d = distance_squared(one, place), e = distance_squared(other, place);
    return d < e ? -1 : d > e ? 1 : one->id < other->id ? -1 : 1;
}

static int by_id(const void *a, const void *b)
{
    const thing *one = (const thing *)a, *other = (const thing *)b;
    return one->id < other->id ? -1 : 1;
}

/* Those that the filter takes, in that order. */
static uint32_t some(thing *to, const xrmesh_filter *filter, int (*order)(const void *, const void *))
{
    uint32_t count = 0, i, j;
    for (i = 0; i < OBJECTS; i++) {
        int named = 0;
        for (j = 0; filter && j < filter->class_count; j++)
            named |= filter->classes[j] == world[i].class_id;
        if (!filter || filter->mode == XRMESH_FILTER_ALL || named == (filter->mode == XRMESH_FILTER_ONLY))
            to[count++] = world[i];
    }
    qsort(to, count, sizeof *to, order);
    return count;
}

static int overlaps(const xrmesh_box *a, const xrmesh_box *b)
{
    int axis, yes = 1;
    for (axis = 0; axis < 3; axis++)
        yes &= a->low[axis] <= b->high[axis] && b->low[axis] <= a->high[axis];
    return yes;
}

static void points_and_boxes(xrmesh_snapshot snapshot, xrmesh_workspace workspace)
{
    static const xrmesh_class_id ONE[1] = {2}, TWO[2] = {0, 2};
    static xrmesh_found found[MOST];
    static xrmesh_object_id objects[MOST];
    static thing expected[OBJECTS];
    xrmesh_filter filters[3];
    int question;
    uint32_t i;
    for (i = 0; i < 3; i++)
        xrmesh_filter_default(&filters[i]);
    filters[1].mode = XRMESH_FILTER_ONLY;
    filters[1].classes = ONE;
    filters[1].class_count = 1;
    filters[2].mode = XRMESH_FILTER_EXCEPT;
    filters[2].classes = TWO;
    filters[2].class_count = 2;
    for (question = 0; question < QUESTIONS; question++) {
        const xrmesh_filter *filter = question % 4 == 3 ? NULL : &filters[question % 4];
        const float radius = chance(6) + 0.25f;
        const uint32_t limit = question % 2 ? (uint32_t)MOST : 1 + (uint32_t)question;
        uint32_t count = 0, inside = 0, all;
        xrmesh_status status;
        xrmesh_box box;
        xrmesh_region sphere;
        place = point(chance(24) - 12, chance(24) - 12, chance(24) - 12);
        all = some(expected, filter, nearer);
        OK(xrmesh_snapshot_nearest(snapshot, workspace, &place, filter, found, limit, &count));
        CHECK(count == (limit < all ? limit : all));
        for (i = 0; i < count; i++) {
            const double d = distance_squared(&expected[i], place);
            CHECK(found[i].object == expected[i].id && fabs(found[i].distance_squared - d) <= 1e-5 * d);
        }
        for (inside = 0; inside < all && distance_squared(&expected[inside], place) <= (double)radius * radius;)
            inside++;
        status = xrmesh_snapshot_within(snapshot, workspace, &place, radius, filter, found, limit, &count);
        GIVES(inside > limit ? XRMESH_MORE : XRMESH_OK, status);
        CHECK(count == (limit < inside ? limit : inside));
        for (i = 0; i < count; i++)
            CHECK(found[i].object == expected[i].id);

        /* A sphere as a region, and a box, both by id. */
        qsort(expected, inside, sizeof *expected, by_id);
        xrmesh_region_default(&sphere);
        sphere.pose = at(place.x, place.y, place.z);
        sphere.radius = radius;
        GIVES(inside > limit ? XRMESH_MORE : XRMESH_OK,
              xrmesh_snapshot_in_region(snapshot, workspace, &sphere, filter, objects, limit, &count));
        for (i = 0; i < count; i++)
            CHECK(objects[i] == expected[i].id);
        all = some(expected, filter, by_id);
        for (i = 0; i < 3; i++) {
            box.low[i] = chance(20) - 10;
            box.high[i] = box.low[i] + chance(8);
        }
        for (inside = 0, i = 0; i < all; i++)
            if (overlaps(&expected[i].box, &box))
                expected[inside++] = expected[i];
        GIVES(inside > limit ? XRMESH_MORE : XRMESH_OK,
              xrmesh_snapshot_in_box(snapshot, workspace, &box, filter, objects, limit, &count));
        CHECK(count == (limit < inside ? limit : inside));
        for (i = 0; i < count; i++)
            CHECK(objects[i] == expected[i].id);
        {
            /* The same box as one that could be turned, but is not. */
            xrmesh_oriented_box turned;
            turned.pose = at((box.low[0] + box.high[0]) / 2, (box.low[1] + box.high[1]) / 2, (box.low[2] + box.high[2]) / 2);
            for (i = 0; i < 3; i++)
                turned.half_extents[i] = (box.high[i] - box.low[i]) / 2;
            CHECK(xrmesh_snapshot_in_oriented_box(snapshot, workspace, &turned, filter, objects, limit, &count) >= 0);
            CHECK(count == (limit < inside ? limit : inside));
            for (i = 0; i < count; i++)
                CHECK(objects[i] == expected[i].id);
        }
        all = some(expected, filter, by_id);
        CHECK(xrmesh_snapshot_by_class(snapshot, workspace, filter, objects, MOST, &count) == XRMESH_OK && count == all);
        for (i = 0; i < count; i++)
            CHECK(objects[i] == expected[i].id);
    }
}

/* Newton's, so that the suite needs no mathematics library. */
static double root(double of)
{
    double guess = of > 1 ? of : 1;
    int step;
    for (step = 0; step < 60; step++)
        guess = (guess + of / guess) / 2;
    return guess;
}

/* Where a ray enters a box and leaves it again; a little beside it, neither is sure. */
static int enters(const thing *one, const xrmesh_ray *ray, double *from, double *until)
{
    double length = 0;
    int axis;
    *from = 0;
    *until = 1e30;
    for (axis = 0; axis < 3; axis++)
        length += (double)ray->direction[axis] * ray->direction[axis];
    length = root(length);
    for (axis = 0; axis < 3; axis++) {
        const double step = ray->direction[axis] / length;
        double a = (one->box.low[axis] - ray->origin[axis]) / step, b = (one->box.high[axis] - ray->origin[axis]) / step;
        if (a > b) {
            const double swap = a;
            a = b;
            b = swap;
        }
        *from = a > *from ? a : *from;
        *until = b < *until ? b : *until;
    }
    return *from <= *until;
}

static void rays_and_views(xrmesh_snapshot snapshot, xrmesh_workspace workspace)
{
    static xrmesh_ray_hit hits[MOST];
    static xrmesh_object_id objects[MOST];
    int question, sure_hits = 0, seen = 0;
    uint32_t i, j, count = 0;
    for (question = 0; question < QUESTIONS; question++) {
        const float reach = question % 3 ? INFINITY : 6;
        xrmesh_ray ray;
        xrmesh_ray_hit first;
        xrmesh_status status;
        for (i = 0; i < 3; i++) {
            ray.origin[i] = chance(20) - 10;
            ray.direction[i] = chance(2) - 1.0078125f;
        }
        OK(xrmesh_snapshot_ray_all(snapshot, workspace, &ray, reach, NULL, hits, MOST, &count));
        for (i = 0; i < OBJECTS; i++) {
            double from, until;
            const int enter = enters(&world[i], &ray, &from, &until);
            int told = 0;
            for (j = 0; j < count; j++)
                told |= hits[j].object == world[i].id && fabs(hits[j].distance_m - from) < 1e-3;
            if (fabs(until - from) < 1e-3 || fabs(from - reach) < 1e-3)
                continue;
            CHECK(told == (enter && from <= reach));
            sure_hits += told;
        }
        for (i = 1; i < count; i++)
            CHECK(hits[i - 1].distance_m <= hits[i].distance_m);
        status = xrmesh_snapshot_ray(snapshot, workspace, &ray, reach, NULL, &first);
        GIVES(count ? XRMESH_OK : XRMESH_NONE, status);
        CHECK(count == 0 || (first.object == hits[0].object && first.distance_m == hits[0].distance_m));
    }
    CHECK(sure_hits > 20);

    /* What a view sees: all whose middle is in it, none that lies behind the eye. */
    for (question = 0; question < QUESTIONS; question++) {
        xrmesh_frustum view;
        memset(&view, 0, sizeof view);
        view.pose = at(chance(10) - 5, chance(10) - 5, chance(10) - 5);
        view.left_rad = view.down_rad = -0.7f;
        view.right_rad = view.up_rad = 0.7f;
        view.near_m = 0.125f;
        view.far_m = 9;
        OK(xrmesh_snapshot_in_frustum(snapshot, workspace, &view, NULL, objects, MOST, &count));
        for (i = 0; i < OBJECTS; i++) {
            const xrmesh_box *box = &world[i].box;
            const float ahead = view.pose.position[2] - (box->low[2] + box->high[2]) / 2;
            const float right = fabsf((box->low[0] + box->high[0]) / 2 - view.pose.position[0]);
            const float up = fabsf((box->low[1] + box->high[1]) / 2 - view.pose.position[1]);
            int told = 0;
            for (j = 0; j < count; j++)
                told |= objects[j] == world[i].id;
            if (ahead > 0.25f && ahead < 8.75f && right < ahead * 0.8f && up < ahead * 0.8f) {
                CHECK(told);
                seen++;
            }
            if (box->low[2] > view.pose.position[2] || box->high[2] < view.pose.position[2] - 9.5f)
                CHECK(!told);
        }
    }
    CHECK(seen > 50);
}

/* Many questions at once are the same as one after the other. */
static void batches(xrmesh_snapshot snapshot, xrmesh_workspace workspace)
{
    static xrmesh_point points[QUESTIONS];
    static xrmesh_box boxes[QUESTIONS];
    static xrmesh_oriented_box turned[QUESTIONS];
    static xrmesh_frustum views[QUESTIONS];
    static xrmesh_region regions[QUESTIONS];
    static xrmesh_ray rays[QUESTIONS];
    static xrmesh_range ranges[QUESTIONS];
    static xrmesh_found found[QUESTIONS * 40], one[40];
    static xrmesh_ray_hit hits[QUESTIONS * 40], hit[40];
    static xrmesh_object_id objects[QUESTIONS * 40], few[40];
    uint32_t i, j, count = 0, total = 0;
    for (i = 0; i < QUESTIONS; i++) {
        points[i] = point(chance(20) - 10, chance(20) - 10, chance(20) - 10);
        turned[i].pose = at(points[i].x, points[i].y, points[i].z);
        turned[i].pose.orientation[1] = 0.6f;
        turned[i].pose.orientation[3] = 0.8f;
        memset(&views[i], 0, sizeof views[i]);
        views[i].pose = turned[i].pose;
        views[i].left_rad = views[i].down_rad = -0.5f;
        views[i].right_rad = views[i].up_rad = 0.5f;
        views[i].near_m = 0.1f;
        views[i].far_m = 5;
        xrmesh_region_default(&regions[i]);
        regions[i].pose = turned[i].pose;
        regions[i].radius = 2;
        for (j = 0; j < 3; j++) {
            boxes[i].low[j] = (&points[i].x)[j];
            boxes[i].high[j] = boxes[i].low[j] + 3;
            turned[i].half_extents[j] = 1;
            rays[i].origin[j] = (&points[i].x)[j];
            rays[i].direction[j] = chance(2) - 1.0078125f;
        }
    }
#define EACH(call, single, all, alone, same)                                                                   \
    OK(call);                                                                                                  \
    for (i = 0, j = 0; i < QUESTIONS; i++) {                                                                   \
        CHECK(single >= 0 && count == ranges[i].count);                                                        \
        CHECK(memcmp(all + ranges[i].first, alone, count * sizeof *alone) == 0);                               \
        j += count;                                                                                            \
    }                                                                                                          \
    CHECK(j == total && j > same)
    EACH(xrmesh_snapshot_nearest_each(snapshot, workspace, points, ranges, QUESTIONS, 7, NULL, found, QUESTIONS * 40, &total),
         xrmesh_snapshot_nearest(snapshot, workspace, &points[i], NULL, one, 7, &count), found, one, QUESTIONS);
    EACH(xrmesh_snapshot_within_each(snapshot, workspace, points, ranges, QUESTIONS, 2, 40, NULL, found, QUESTIONS * 40, &total),
         xrmesh_snapshot_within(snapshot, workspace, &points[i], 2, NULL, one, 40, &count), found, one, 10);
    EACH(xrmesh_snapshot_in_box_each(snapshot, workspace, boxes, ranges, QUESTIONS, 40, NULL, objects, QUESTIONS * 40, &total),
         xrmesh_snapshot_in_box(snapshot, workspace, &boxes[i], NULL, few, 40, &count), objects, few, 10);
    EACH(xrmesh_snapshot_in_oriented_box_each(snapshot, workspace, turned, ranges, QUESTIONS, 40, NULL, objects, QUESTIONS * 40, &total),
         xrmesh_snapshot_in_oriented_box(snapshot, workspace, &turned[i], NULL, few, 40, &count), objects, few, 10);
    EACH(xrmesh_snapshot_in_frustum_each(snapshot, workspace, views, ranges, QUESTIONS, 40, NULL, objects, QUESTIONS * 40, &total),
         xrmesh_snapshot_in_frustum(snapshot, workspace, &views[i], NULL, few, 40, &count), objects, few, 10);
    EACH(xrmesh_snapshot_in_region_each(snapshot, workspace, regions, ranges, QUESTIONS, 40, NULL, objects, QUESTIONS * 40, &total),
         xrmesh_snapshot_in_region(snapshot, workspace, &regions[i], NULL, few, 40, &count), objects, few, 10);
    EACH(xrmesh_snapshot_ray_all_each(snapshot, workspace, rays, ranges, QUESTIONS, 20, 5, NULL, hits, QUESTIONS * 40, &total),
         xrmesh_snapshot_ray_all(snapshot, workspace, &rays[i], 20, NULL, hit, 5, &count), hits, hit, 10);
    OK(xrmesh_snapshot_ray_each(snapshot, workspace, rays, hits, QUESTIONS, 20, NULL));
    for (i = 0; i < QUESTIONS; i++) {
        const xrmesh_status status = xrmesh_snapshot_ray(snapshot, workspace, &rays[i], 20, NULL, hit);
        CHECK(status == XRMESH_NONE ? hits[i].object == 0 : hits[i].object == hit[0].object);
    }
    /* What does not fit says what it needs. */
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL,
          xrmesh_snapshot_nearest_each(snapshot, workspace, points, ranges, QUESTIONS, 7, NULL, found, 8, &total));
    CHECK(total == QUESTIONS * 7);
    GIVES(XRMESH_ERROR_ZERO_CAPACITY,
          xrmesh_snapshot_nearest_each(snapshot, workspace, points, ranges, QUESTIONS, 7, NULL, NULL, 0, &total));
    CHECK(total == QUESTIONS * 7);
    points[5].y = NAN;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE,
          xrmesh_snapshot_nearest_each(snapshot, workspace, points, ranges, QUESTIONS, 7, NULL, found, 8, &total));
    boxes[3].high[0] = boxes[3].low[0] - 1;
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_snapshot_in_box_each(snapshot, workspace, boxes, ranges, QUESTIONS, 4, NULL, objects,
                                                             QUESTIONS * 40, &total));
    CHECK(said("box 3"));
}

static void what_is_no_question(xrmesh_snapshot snapshot, xrmesh_workspace workspace)
{
    const xrmesh_point origin = point(0, 0, 0), nowhere = point(0, NAN, 0);
    const xrmesh_class_id classes[1] = {70000};
    xrmesh_filter filter;
    xrmesh_found found[4];
    xrmesh_ray ray;
    xrmesh_ray_hit hit;
    uint32_t count = 0;
    memset(&ray, 0, sizeof ray);
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_snapshot_nearest(snapshot, workspace, &origin, NULL, NULL, 0, &count));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_snapshot_nearest(snapshot, workspace, &nowhere, NULL, found, 4, &count));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_snapshot_within(snapshot, workspace, &origin, -1, NULL, found, 4, &count));
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_snapshot_ray(snapshot, workspace, &ray, 1, NULL, &hit));
    ray.direction[0] = 1;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_snapshot_ray(snapshot, workspace, &ray, NAN, NULL, &hit));
    xrmesh_filter_default(&filter);
    filter.mode = 3;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_snapshot_nearest(snapshot, workspace, &origin, &filter, found, 4, &count));
    filter.mode = XRMESH_FILTER_ONLY;
    filter.class_count = 1;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_snapshot_nearest(snapshot, workspace, &origin, &filter, found, 4, &count));
    filter.classes = classes;
    GIVES(XRMESH_ERROR_UNKNOWN_CLASS, xrmesh_snapshot_nearest(snapshot, workspace, &origin, &filter, found, 4, &count));
    filter.class_count = 65537;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_snapshot_nearest(snapshot, workspace, &origin, &filter, found, 4, &count));
    filter.class_count = 0;
    filter.struct_size = 0;
    GIVES(XRMESH_ERROR_STRUCT_SIZE, xrmesh_snapshot_nearest(snapshot, workspace, &origin, &filter, found, 4, &count));
}

void test_memory_queries(void)
{
    xrmesh_memory memory = random_world();
    xrmesh_snapshot snapshot = snapshot_of(memory);
    xrmesh_workspace workspace;
    OK(xrmesh_memory_destroy(memory));
    OK(xrmesh_workspace_create(0, &workspace));
    points_and_boxes(snapshot, workspace);
    rays_and_views(snapshot, workspace);
    batches(snapshot, workspace);
    OK(xrmesh_workspace_clear(workspace));
    what_is_no_question(snapshot, workspace);
    OK(xrmesh_workspace_destroy(workspace));
    OK(xrmesh_snapshot_destroy(snapshot));
}
