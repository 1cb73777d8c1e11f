// nanoflann: a k-d tree over points, built once.
#include <nanoflann.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace {

struct Cloud {
    const float *at;
    size_t count;
    size_t kdtree_get_point_count() const { return count; }
    float kdtree_get_pt(size_t index, size_t axis) const { return at[index * 3 + axis]; }
    template <class Box> bool kdtree_get_bbox(Box &) const { return false; }
};

using Tree = nanoflann::KDTreeSingleIndexAdaptor<
    nanoflann::L2_Simple_Adaptor<float, Cloud>, Cloud, 3, uint32_t>;

struct Peer {
    Cloud cloud;
    Tree tree;
    std::vector<std::pair<uint32_t, float>> hits;
    Peer(const float *at, size_t count)
        : cloud{at, count}, tree(3, cloud, nanoflann::KDTreeSingleIndexAdaptorParams(10)) {
        tree.buildIndex();
    }
};

}  // namespace

extern "C" {

// The points stay the caller's and must outlive the tree.
void *nanoflann_build(const float *at, size_t count) { return new Peer(at, count); }

void nanoflann_drop(void *peer) { delete static_cast<Peer *>(peer); }

size_t nanoflann_nearest(void *peer, const float *at, size_t k, uint64_t *sum) {
    uint32_t slots[64];
    float distances[64];
    size_t found = static_cast<Peer *>(peer)->tree.knnSearch(at, k < 64 ? k : 64, slots, distances);
    uint64_t total = 0;
    for (size_t i = 0; i < found; ++i) total += slots[i];
    *sum = total;
    return found;
}

size_t nanoflann_within(void *peer, const float *at, float radius_squared, uint64_t *sum) {
    Peer &own = *static_cast<Peer *>(peer);
    size_t found = own.tree.radiusSearch(at, radius_squared, own.hits, nanoflann::SearchParams());
    uint64_t total = 0;
    for (const auto &hit : own.hits) total += hit.first;
    *sum = total;
    return found;
}
}
