// Boost.Geometry: an R*-tree over points, packed at first, that changes.
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace bg = boost::geometry;
namespace bgi = boost::geometry::index;

namespace {

using Point = bg::model::point<float, 3, bg::cs::cartesian>;
using Box = bg::model::box<Point>;
using Item = std::pair<Point, uint32_t>;
using Tree = bgi::rtree<Item, bgi::rstar<16>>;

Point point(const float *at) { return Point(at[0], at[1], at[2]); }

// Counts what it is given and adds up the slots.
struct Count {
    using iterator_category = std::output_iterator_tag;
    using value_type = void;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = void;
    size_t *count;
    uint64_t *sum;
    Count &operator=(const Item &item) {
        ++*count;
        *sum += item.second;
        return *this;
    }
    Count &operator*() { return *this; }
    Count &operator++() { return *this; }
    Count &operator++(int) { return *this; }
};

}  // namespace

extern "C" {

void *boost_build(const float *at, size_t count) {
    std::vector<Item> items;
    items.reserve(count);
    for (size_t i = 0; i < count; ++i) items.emplace_back(point(at + 3 * i), uint32_t(i));
    return new Tree(items.begin(), items.end());
}

void boost_drop(void *peer) { delete static_cast<Tree *>(peer); }

size_t boost_nearest(const void *peer, const float *at, unsigned k, uint64_t *sum) {
    size_t count = 0;
    *sum = 0;
    static_cast<const Tree *>(peer)->query(bgi::nearest(point(at), k), Count{&count, sum});
    return count;
}

size_t boost_in_box(const void *peer, const float *low, const float *high, uint64_t *sum) {
    size_t count = 0;
    *sum = 0;
    const Box box(point(low), point(high));
    static_cast<const Tree *>(peer)->query(bgi::intersects(box), Count{&count, sum});
    return count;
}

void boost_insert(void *peer, const float *at, uint32_t slot) {
    static_cast<Tree *>(peer)->insert(Item(point(at), slot));
}

size_t boost_remove(void *peer, const float *at, uint32_t slot) {
    return static_cast<Tree *>(peer)->remove(Item(point(at), slot));
}
}
