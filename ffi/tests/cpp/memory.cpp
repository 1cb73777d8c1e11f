// The C++ layer's spatial memory, with exceptions and without.
#include "xrmesh.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what, xrmesh::last_error().c_str()); \
            std::exit(1);                                                                                    \
        }                                                                                                    \
    } while (0)

namespace {

xrmesh_pose at(float x, float y, float z) { return {{x, y, z}, {0, 0, 0, 1}}; }

/// Keeps a map's bytes.
struct Keeps {
    std::string &text;

    explicit Keeps(std::string &text_) : text(text_) {}
    xrmesh_status write(xrmesh::Bytes bytes, std::uint32_t &)
    {
        text.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
        return XRMESH_OK;
    }
};

xrmesh::Memory new_memory()
{
    auto made = xrmesh::Memory::create();
    CHECK(made);
    return *std::move(made);
}

void objects_and_queries()
{
    xrmesh::Memory memory = new_memory();
    const auto chair = memory.class_of("chair"), lamp = memory.class_of("lamp");
    CHECK(chair && lamp && *lamp == 1);
    std::vector<xrmesh_object> objects(10);
    std::vector<xrmesh_object_id> ids(10);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        xrmesh_object_default(&objects[i]);
        objects[i].pose = at(static_cast<float>(i), 0, 0);
        objects[i].class_id = i % 2 ? *lamp : *chair;
    }
    CHECK(memory.insert(objects, ids));
    CHECK(memory.insert(objects, xrmesh::Span<xrmesh_object_id>(ids.data(), 9)).code() == XRMESH_ERROR_BUFFER_TOO_SMALL);
    CHECK(memory.publish(0)->version == 1);

    auto made = memory.snapshot();
    auto worked = xrmesh::Workspace::create(16);
    CHECK(made && worked);
    const xrmesh::Snapshot snapshot = *std::move(made);
    const xrmesh::Workspace work = *std::move(worked);
    xrmesh_found room[4];
    const auto near_origin = snapshot.nearest(work, {0.25f, 0, 0}, room);
    CHECK(near_origin && near_origin->size() == 4 && (*near_origin)[1].object == ids[1]);
    CHECK(snapshot.within(work, {0, 0, 0}, 20, room).code() == XRMESH_MORE);
    const xrmesh_class_id lamps[] = {*lamp};
    const auto only = xrmesh::filter_of(lamps), other = xrmesh::filter_of(lamps, true);
    for (const xrmesh_found &found : *snapshot.within(work, {0, 0, 0}, 2.5f, room, &only))
        CHECK(found.object == ids[1]);
    std::vector<xrmesh_object_id> all(16);
    CHECK(snapshot.by_class(work, all, &other)->size() == 5 && snapshot.by_class(work, all)->size() == 10);
    CHECK(snapshot.in_box(work, {{2, 0, 0}, {4, 1, 1}}, all)->size() == 3);
    CHECK(snapshot.in_oriented_box(work, {at(3, 0, 0), {1, 1, 1}}, all)->size() == 3);
    CHECK(snapshot.in_frustum(work, {at(3, 0, 5), -0.1f, 0.1f, 0.1f, -0.1f, 1, 10}, all)->size() == 1);
    xrmesh_region sphere;
    xrmesh_region_default(&sphere);
    sphere.radius = 1;
    CHECK(snapshot.in_region(work, sphere, all)->size() == 2);
    const xrmesh_ray along{{-1, 0, 0}, {1, 0, 0}}, away{{-1, 0, 0}, {-1, 0, 0}};
    CHECK(snapshot.ray(work, along, 100)->object == ids[0] && snapshot.ray(work, away, 100).code() == XRMESH_NONE);
    xrmesh_ray_hit hits[16];
    CHECK(snapshot.ray_all(work, along, 5.5f, hits)->size() == 5);

    const xrmesh_point points[] = {{0, 0, 0}, {9, 0, 0}, {4, 0, 0}};
    xrmesh_range ranges[3];
    xrmesh_found flat[6];
    const auto each = snapshot.nearest_each(work, points, 2, ranges, flat);
    CHECK(each && each->size() == 6 && (*each)[ranges[1].first].object == ids[9] && ranges[1].count == 2);
    CHECK(snapshot.nearest_each(work, points, 3, ranges, flat).code() == XRMESH_ERROR_BUFFER_TOO_SMALL);
    const xrmesh_ray rays[] = {along, away};
    CHECK(snapshot.ray_each(work, rays, 10, hits) && hits[0].object == ids[0] && hits[1].object == 0);

    // A reader goes on with what it holds, on its own thread, whatever becomes of the memory.
    std::vector<xrmesh_pose> poses(10, at(0, 5, 0));
    CHECK(memory.update_poses(ids, poses) && memory.publish(1));
    CHECK(memory.object(ids[3])->pose.position[1] == 5 && snapshot.object(ids[3])->pose.position[0] == 3);
    memory.reset();
    std::thread([&] {
        std::vector<xrmesh_pose> seen(10);
        CHECK(snapshot.world_poses(ids, seen) && seen[7].position[0] == 7);
        CHECK(*snapshot.label(1) == "lamp" && *snapshot.class_of("lamp") == 1 && snapshot.resolve(77) == 0);
        CHECK(snapshot.label(2).code() == XRMESH_ERROR_UNKNOWN_CLASS);
    }).join();
}

void anchors_and_notices()
{
    xrmesh::Memory memory = new_memory();
    CHECK(memory.class_of("cup"));
    auto subscribed = memory.subscribe(8);
    CHECK(subscribed);
    const auto desk = memory.add_anchor("desk", at(1, 0, 0));
    CHECK(desk);
    xrmesh_object cup;
    xrmesh_object_default(&cup);
    cup.anchor = *desk;
    const auto id = memory.insert(cup);
    CHECK(id && memory.publish(0));
    CHECK(memory.correct_anchor(*desk, at(2, 0, 0)) && memory.publish(1)->is_corrected);
    CHECK(memory.rehang_anchor(*desk, *desk, at(0, 0, 0)).code() == XRMESH_ERROR_ANCHOR_CYCLE);
    const auto snapshot = memory.snapshot();
    CHECK(*snapshot->find_anchor("desk") == *desk && snapshot->anchor(*desk)->world_pose.position[0] == 2);
    xrmesh_notice notices[8];
    const auto told = subscribed->poll(notices);
    CHECK(told && told->size() == 2 && (*told)[0].event == XRMESH_NOTICE_ADDED && (*told)[1].object == *id);
    xrmesh_observation seen;
    xrmesh_observation_default(&seen);
    seen.object = *id;
    seen.anchor = *desk;
    xrmesh_fused fused[1];
    CHECK(memory.observe({&seen, 1}, fused, 2) && fused[0].object == *id);

    // In a mesh it goes on.
    auto options = xrmesh::Mesh::options();
    options.worker_threads = 0;
    auto mesh = xrmesh::Mesh::create(options);
    CHECK(mesh && mesh->attach(memory) && mesh->tick(5));
    CHECK(memory.stats()->is_attached && memory.publish(6).code() == XRMESH_ERROR_ATTACHED);
    CHECK(memory.remove(*id) && mesh->tick(6) && mesh->detach(memory) && memory.stats()->objects == 0);
}

void stores_and_maps()
{
    {
        auto opened = xrmesh::Memory::open("cpp_store");
        CHECK(opened && opened->class_of("a"));
        xrmesh_object object;
        xrmesh_object_default(&object);
        CHECK(opened->insert(object) && opened->flush().code() == XRMESH_OK && opened->publish(0));
        auto checkpoint = opened->checkpoint();
        CHECK(checkpoint);
        while (checkpoint->step(1 << 20).code() == XRMESH_MORE)
            ;
        CHECK(*opened->close() > 0 && !*opened);
    }
    xrmesh_recovery found;
    xrmesh_recovery_default(&found);
    auto again = xrmesh::Memory::open("cpp_store", xrmesh::Memory::options(), &found);
    CHECK(again && again->stats()->objects > 0 && found.image_records > 0);
    std::string text;
    CHECK(again->snapshot()->export_to(std::make_unique<Keeps>(text), 0)->objects == again->stats()->objects);
    xrmesh::Memory other = new_memory();
    CHECK(other.import_bytes(xrmesh::bytes_of(text), 0));
    CHECK(*other.state_hash() == *again->state_hash());
    const auto cut = other.import_bytes(xrmesh::bytes_of(std::string_view(text).substr(0, text.size() / 2)), 0);
    CHECK(cut.code() == XRMESH_ERROR_MAP && xrmesh::last_error().find("line ") != std::string::npos);
}

} // namespace

int main()
{
    objects_and_queries();
    anchors_and_notices();
    stores_and_maps();
    std::uint32_t left = 9;
    CHECK(xrmesh_shutdown_all(&left) == XRMESH_OK && left == 0);
    std::puts("memory: ok");
    return 0;
}
