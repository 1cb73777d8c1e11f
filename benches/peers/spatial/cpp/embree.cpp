// Embree: first hits over boxes, as primitives of its user geometry.
#include <embree3/rtcore.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace {

struct Peer {
    RTCDevice device;
    RTCScene scene;
    const float *boxes;  // six floats each: the lower corner, the upper corner
};

void bounds(const RTCBoundsFunctionArguments *given) {
    const float *box = static_cast<const Peer *>(given->geometryUserPtr)->boxes + 6 * given->primID;
    RTCBounds *out = given->bounds_o;
    out->lower_x = box[0];
    out->lower_y = box[1];
    out->lower_z = box[2];
    out->upper_x = box[3];
    out->upper_y = box[4];
    out->upper_z = box[5];
}

// The ray's inverse direction comes with the query, so that a box costs no division.
struct Context {
    RTCIntersectContext base;
    float inverse[3];
};

void intersect(const RTCIntersectFunctionNArguments *given) {
    if (!given->valid[0]) return;
    const float *box = static_cast<const Peer *>(given->geometryUserPtr)->boxes + 6 * given->primID;
    const Context *context = reinterpret_cast<const Context *>(given->context);
    RTCRayHit *hit = reinterpret_cast<RTCRayHit *>(given->rayhit);
    const float origin[3] = {hit->ray.org_x, hit->ray.org_y, hit->ray.org_z};
    float from = hit->ray.tnear, to = hit->ray.tfar;
    for (int axis = 0; axis < 3; ++axis) {
        const float a = (box[axis] - origin[axis]) * context->inverse[axis];
        const float b = (box[axis + 3] - origin[axis]) * context->inverse[axis];
        from = std::max(from, std::min(a, b));
        to = std::min(to, std::max(a, b));
    }
    if (from <= to) {
        hit->ray.tfar = from;
        hit->hit.geomID = given->geomID;
        hit->hit.primID = given->primID;
    }
}

}  // namespace

extern "C" {

// The boxes stay the caller's and must outlive the scene.
void *embree_build(const float *boxes, size_t count) {
    RTCDevice device = rtcNewDevice("threads=1");
    if (!device) return nullptr;
    Peer *peer = new Peer{device, rtcNewScene(device), boxes};
    rtcSetSceneBuildQuality(peer->scene, RTC_BUILD_QUALITY_MEDIUM);
    RTCGeometry geometry = rtcNewGeometry(device, RTC_GEOMETRY_TYPE_USER);
    rtcSetGeometryUserPrimitiveCount(geometry, unsigned(count));
    rtcSetGeometryUserData(geometry, peer);
    rtcSetGeometryBoundsFunction(geometry, bounds, nullptr);
    rtcSetGeometryIntersectFunction(geometry, intersect);
    rtcCommitGeometry(geometry);
    rtcAttachGeometry(peer->scene, geometry);
    rtcReleaseGeometry(geometry);
    rtcCommitScene(peer->scene);
    return peer;
}

void embree_drop(void *given) {
    Peer *peer = static_cast<Peer *>(given);
    rtcReleaseScene(peer->scene);
    rtcReleaseDevice(peer->device);
    delete peer;
}

// The distance of the first box; negative where there is none.
float embree_ray(const void *given, const float *origin, const float *direction) {
    Context context;
    rtcInitIntersectContext(&context.base);
    context.base.flags = RTC_INTERSECT_CONTEXT_FLAG_INCOHERENT;
    for (int axis = 0; axis < 3; ++axis) context.inverse[axis] = 1.0f / direction[axis];
    RTCRayHit hit{};
    hit.ray.org_x = origin[0];
    hit.ray.org_y = origin[1];
    hit.ray.org_z = origin[2];
    hit.ray.dir_x = direction[0];
    hit.ray.dir_y = direction[1];
    hit.ray.dir_z = direction[2];
    hit.ray.tfar = std::numeric_limits<float>::infinity();
    hit.ray.mask = unsigned(-1);
    hit.hit.geomID = RTC_INVALID_GEOMETRY_ID;
    hit.hit.instID[0] = RTC_INVALID_GEOMETRY_ID;
    rtcIntersect1(static_cast<const Peer *>(given)->scene, &context.base, &hit);
    return hit.hit.geomID == RTC_INVALID_GEOMETRY_ID ? -1.0f : hit.ray.tfar;
}
}
