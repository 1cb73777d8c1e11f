/* The end of everything, and a new beginning. */
#include "check.h"

void test_shutdown(void)
{
    xrmesh_mesh mesh = new_mesh(), null = {0};
    xrmesh_histogram histogram, other;
    xrmesh_sender sender;
    xrmesh_frame frame;
    xrmesh_frame_view view;
    uint32_t count = 0;
    uint64_t value = 0, counted = 0;
    OK(xrmesh_histogram_create(&histogram));
    OK(xrmesh_histogram_create(&other));
    OK(xrmesh_mesh_sender(mesh, &sender));
    OK(xrmesh_mesh_lease(mesh, &frame, &view));
    GIVES(XRMESH_NONE, xrmesh_histogram_quantile(histogram, 0.5, &value, NULL));
    OK(xrmesh_histogram_record(histogram, 10, 99));
    OK(xrmesh_histogram_record(other, 1000, 1));
    OK(xrmesh_histogram_merge(histogram, other));
    GIVES(XRMESH_ERROR_BUSY, xrmesh_histogram_merge(histogram, histogram));
    OK(xrmesh_histogram_quantile(histogram, 0.5, &value, &counted));
    CHECK(value == 10 && counted == 100);
    OK(xrmesh_histogram_quantile(histogram, 1, &value, NULL));
    CHECK(value == 1000);
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_histogram_quantile(histogram, 1.5, &value, NULL));
    OK(xrmesh_histogram_clear(histogram));
    GIVES(XRMESH_NONE, xrmesh_histogram_quantile(histogram, 1, &value, NULL));

    OK(xrmesh_shutdown_all(&count));
    CHECK(count == 5);
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_tick(mesh, 0, 0, NULL));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_frame_release(frame));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_tick(null, 0, 0, NULL));
    OK(xrmesh_shutdown_all(NULL));
    mesh = new_mesh();
    tick_ms(mesh, 0);
    OK(xrmesh_mesh_destroy(mesh));
}
