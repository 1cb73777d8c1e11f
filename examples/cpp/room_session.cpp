// A room scan and a headset recording drive a mesh of agents at 90 Hz, through the C++ layer: the room becomes objects on
// an anchor of a spatial memory, the headset's agent says where it is, a renderer's agent asks the memory what it sees,
// characters hear it nearby and gossip, what is in view is observed again, and once the anchor is corrected.
// examples/c/room_session.c is the same in C, and ends with the same state hash.
//
// Time is the session's own, so the hash repeats, with any number of workers. Exit codes: 0; 1 if something does not add
// up; 2 for a wrong option or a wrong file.
#include "../c/arguments.h"
#include "../c/motion.h"
#include "xrmesh.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>

namespace {

const char HELP[] = "A room scan and a headset recording drive a mesh of agents at 90 Hz, through the C++ layer.\n"
                    "\n"
                    "usage: room_session [options]\n"
                    "\n"
                    "  --room FILE     a room scan (Quest JSON); without it a room is generated\n"
                    "  --motion FILE   a headset recording (JSON) or a TUM trajectory; without it a walk is generated\n"
                    "  --agents N      characters that wander, hear the headset and gossip, 0 to 10000 [200]\n"
                    "  --seconds S     length of the session, 0.1 to 3600 [10]\n"
                    "  --workers W     threads beside the caller's, 0 to 63; results do not depend on it [0]\n"
                    "  --help          print this\n"
                    "\n"
                    "Files are read up to 256 MiB. Exit code 2 means a wrong option or a wrong file.\n";

constexpr std::int64_t TICK_NS = 11111111;
constexpr std::uint32_t IMAGE_TICKS = 9; // the camera's images: 10 a second
constexpr std::uint32_t MOST_OBJECTS = 4096, MOST_SEEN = 256;
constexpr std::uint16_t PRESENCE = XRMESH_KIND_USER + 1, GREETING = PRESENCE + 1, GOSSIP = GREETING + 1;

using MemoryOwner = xrmesh::Owner<xrmesh_memory, xrmesh_memory_destroy>;
using SnapshotOwner = xrmesh::Owner<xrmesh_snapshot, xrmesh_snapshot_destroy>;
using WorkspaceOwner = xrmesh::Owner<xrmesh_workspace, xrmesh_workspace_destroy>;

bool fail(const char *what)
{
    std::fprintf(stderr, "room_session: %s: %s\n", what, xrmesh::last_error().c_str());
    return false;
}

WorkspaceOwner new_workspace()
{
    xrmesh_workspace workspace{};
    return xrmesh_workspace_create(MOST_SEEN, &workspace) < 0 ? WorkspaceOwner() : WorkspaceOwner(workspace);
}

/// What the last tick published.
SnapshotOwner snapshot_of(const MemoryOwner &memory)
{
    xrmesh_snapshot snapshot{};
    return xrmesh_memory_snapshot(memory.get(), &snapshot) < 0 ? SnapshotOwner() : SnapshotOwner(snapshot);
}

/// Of the agent that asks the memory, once a frame, what the headset sees; the session keeps it.
struct Renderer {
    xrmesh_snapshot snapshot{};
    WorkspaceOwner workspace = new_workspace();
    std::uint64_t frames = 0, seen = 0;
    std::uint32_t most = 0;
};

struct RendererAgent {
    Renderer &all;

    xrmesh_status on_message(xrmesh::Context &context, const xrmesh::MessageView &message)
    {
        xrmesh_frustum frustum{};
        if (!message.read(frustum.pose))
            return XRMESH_ERROR_CALLBACK;
        frustum.left_rad = -0.698f, frustum.right_rad = 0.698f; // 80 by 65 degrees
        frustum.up_rad = 0.567f, frustum.down_rad = -0.567f;
        frustum.near_m = 0.1f, frustum.far_m = 6;
        std::array<xrmesh_object_id, MOST_SEEN> objects;
        std::uint32_t count = 0;
        const xrmesh_status status = xrmesh_snapshot_in_frustum(all.snapshot, all.workspace.get(), &frustum, nullptr,
                                                                objects.data(), MOST_SEEN, &count);
        if (status < 0)
            return status;
        ++all.frames;
        all.seen += count;
        all.most = count > all.most ? count : all.most;
        const auto *bytes = reinterpret_cast<const std::uint8_t *>(objects.data());
        return context.send(message->from, XRMESH_KIND_ENVIRONMENT_MAP, {bytes, count * sizeof objects[0]}).code();
    }
};

/// A character: it wanders, greets a headset that is near, and passes gossip on.
struct Character {
    const std::vector<xrmesh_agent_id> &others;
    std::uint64_t random, heard = 0;
    xrmesh_pose pose{};
    float home[2] = {};

    Character(const std::vector<xrmesh_agent_id> &all, std::uint64_t number)
        : others(all), random((number + 1) * 0x9E3779B97F4A7C15u | 1)
    {
        pose.orientation[3] = 1;
    }
    /// A number below `limit`: xorshift, then its upper half into the range.
    std::uint32_t draw(std::uint64_t limit)
    {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return static_cast<std::uint32_t>((random >> 32) * limit >> 32);
    }
    xrmesh_status on_tick(xrmesh::Context &context)
    {
        for (int axis = 0; axis < 3; axis += 2) {
            const float at = home[axis / 2], step = static_cast<float>(draw(2001)) * 1e-5f - 0.01f;
            const float to = pose.position[axis] + step;
            if (to > at - 1 && to < at + 1)
                pose.position[axis] = to;
        }
        return context.move(pose).code();
    }
    xrmesh_status on_message(xrmesh::Context &context, const xrmesh::MessageView &message)
    {
        std::uint32_t left = 0;
        ++heard;
        if (message->kind == PRESENCE) {
            if (const auto sent = context.send(message->from, GREETING); !sent)
                return sent.code();
            left = 4;
        } else if (message.read(left)) {
            --left;
        }
        if (left == 0)
            return XRMESH_OK;
        return context.send(others[draw(others.size())], GOSSIP, xrmesh::bytes_of_value(left)).code();
    }
    std::uint64_t hash_state() const { return random ^ heard << 32; }
};

class Session {
public:
    bool set_up_room(const char *path)
    {
        xrmesh_memory_options options;
        xrmesh_memory_options_default(&options);
        options.max_objects = MOST_OBJECTS;
        xrmesh_memory memory{};
        if (xrmesh_memory_create(&options, &memory) < 0)
            return fail("memory");
        memory_ = MemoryOwner(memory);
        if (path != nullptr && xrmesh_memory_import_room(memory, path, static_cast<std::uint32_t>(std::strlen(path)),
                                                         0, nullptr) < 0) {
            wrong_input_ = true;
            return fail(path);
        }
        if (path == nullptr && !generate_room())
            return fail("room");
        if (xrmesh_memory_publish(memory, 0, nullptr) < 0)
            return fail("room");
        const SnapshotOwner snapshot = snapshot_of(memory_);
        const auto ids = all_objects(snapshot);
        std::vector<xrmesh_pose> poses(ids.size());
        if (xrmesh_snapshot_world_poses(snapshot.get(), ids.data(), poses.data(), count_of(ids)) < 0)
            return fail("room");
        double middle[2] = {};
        for (const xrmesh_pose &pose : poses) {
            middle[0] += pose.position[0] / static_cast<double>(poses.size());
            middle[1] += pose.position[2] / static_cast<double>(poses.size());
        }
        float x = 0, z = 0;
        motion_middle(&motion, &x, &z);
        motion_shift(&motion, static_cast<float>(middle[0]) - x, static_cast<float>(middle[1]) - z);
        // All of it hangs on one anchor in its middle, as it was scanned in one go.
        xrmesh_pose anchor{};
        anchor.position[0] = static_cast<float>(middle[0]);
        anchor.position[2] = static_cast<float>(middle[1]);
        anchor.orientation[3] = 1;
        if (xrmesh_memory_add_anchor(memory, "scan", 4, XRMESH_ANCHOR_WORLD, &anchor, &anchor_) < 0)
            return fail("anchor");
        for (std::size_t i = 0; i < ids.size(); ++i) {
            poses[i].position[0] -= anchor.position[0];
            poses[i].position[2] -= anchor.position[2];
            if (xrmesh_memory_hang(memory, ids[i], anchor_, &poses[i]) < 0)
                return fail("anchor");
        }
        if (xrmesh_memory_publish(memory, 0, nullptr) < 0)
            return fail("room");
        std::printf("room    %s: %u objects\n", path == nullptr ? "generated" : path, count_of(ids));
        return true;
    }

    bool set_up_mesh(std::uint32_t workers, std::size_t characters)
    {
        auto options = xrmesh::Mesh::options();
        options.worker_threads = workers + 1;
        options.flags = XRMESH_MESH_CALLBACKS_ON_ANY_THREAD;
        auto made = xrmesh::Mesh::create(options);
        auto histogram = xrmesh::Histogram::create();
        if (!made || !histogram)
            return fail("mesh");
        mesh_ = *std::move(made);
        tick_ns_ = *std::move(histogram);
        if (xrmesh_mesh_attach_memory(mesh_.get(), memory_.get()) < 0)
            return fail("memory");
        const auto headset = mesh_.spawn();
        const auto renderer = mesh_.spawn_agent(std::unique_ptr<RendererAgent>(new RendererAgent{renderer_}));
        const auto topic = mesh_.subscribe(renderer ? *renderer : 0, "headset");
        if (!headset || !topic)
            return fail("agents");
        headset_ = *headset;
        topic_ = *topic;
        for (std::size_t i = 0; i < characters; ++i) {
            auto one = std::make_unique<Character>(characters_, i);
            const xrmesh_pose near = motion_at(&motion, static_cast<std::int64_t>(i) * 97 * TICK_NS);
            for (int axis = 0; axis < 3; axis += 2)
                one->pose.position[axis] = one->home[axis / 2] =
                    near.position[axis] + static_cast<float>(one->draw(4000)) * 1e-3f - 2;
            xrmesh_spawn_options where;
            xrmesh_spawn_options_default(&where);
            where.flags = XRMESH_SPAWN_POSE;
            where.pose = one->pose;
            const auto agent = mesh_.spawn_agent(std::move(one), true, &where);
            if (!agent)
                return fail("character");
            characters_.push_back(*agent);
        }
        return true;
    }

    bool play(std::uint32_t ticks)
    {
        xrmesh::Inbox inbox(4096, 1 << 18);
        xrmesh::Outbox outbox;
        bool is_correcting = false;
        ticks_ = ticks;
        for (std::uint32_t tick = 0; tick < ticks; ++tick) {
            const std::int64_t now = static_cast<std::int64_t>(tick) * TICK_NS;
            const xrmesh_pose pose = motion_at(&motion, now);
            outbox.clear();
            outbox.to_topic(topic_, XRMESH_KIND_SPATIAL_COORDINATES, xrmesh::bytes_of_value(pose)).from = headset_;
            xrmesh_send &presence = outbox.add(PRESENCE);
            presence.from = headset_;
            presence.to = XRMESH_TO_NEAR;
            presence.point[0] = pose.position[0]; // characters stand on the floor
            presence.point[2] = pose.position[2];
            presence.radius = 1.5f;
            if (tick == ticks / 2) {
                if (!correct_anchor())
                    return false;
                is_correcting = true;
            }
            const SnapshotOwner snapshot = snapshot_of(memory_);
            renderer_.snapshot = snapshot.get();
            if (!snapshot || !mesh_.move(headset_, pose) || !mesh_.submit(outbox))
                return fail("submit");
            const auto from = std::chrono::steady_clock::now();
            if (!mesh_.tick(now))
                return fail("tick");
            const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - from;
            (void)tick_ns_.record(static_cast<std::uint64_t>(took.count()));
            if (is_correcting && !see_correction())
                return false;
            is_correcting = is_correcting && moved_ < hung_.size();
            correcting_ticks_ += is_correcting;
            if (!poll(inbox) || (tick % IMAGE_TICKS == 0 && !is_correcting && !observe(tick)))
                return false;
        }
        return true;
    }

    /// Prints the report; whether all adds up.
    bool report() const
    {
        xrmesh_memory_stats stats;
        xrmesh_memory_stats_default(&stats);
        const auto counters = mesh_.counters();
        const auto hash = mesh_.state_hash();
        if (!counters || !hash || xrmesh_memory_counters(memory_.get(), &stats) < 0)
            return fail("report");
        std::uint64_t dropped = 0;
        for (const std::uint64_t count : counters->dropped)
            dropped += count;
        const auto n = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
        const auto us = [this](double at) { return static_cast<double>(tick_ns_.quantile(at).value_or(0)) * 1e-3; };
        const bool adds_up = counters->sent == counters->delivered + counters->pending + dropped;
        std::printf("messages\n  %llu sent %s %llu delivered + %llu pending + %llu dropped\n", n(counters->sent),
                    adds_up ? "=" : "is not", n(counters->delivered), n(counters->pending), n(dropped));
        std::printf("  the headset got %llu, %llu of them greetings; lost %llu\n", n(polled_), n(greetings_), n(lost_));
        std::printf("tick\n  p50 %.1f us, p99 %.1f us, worst %.1f us of %.0f us\n", us(0.5), us(0.99), us(1),
                    static_cast<double>(TICK_NS) * 1e-3);
        std::printf("memory\n  in view %.1f objects of %u, %u at most, in %llu frames\n",
                    static_cast<double>(renderer_.seen) / static_cast<double>(renderer_.frames ? renderer_.frames : 1),
                    stats.objects, renderer_.most, n(renderer_.frames));
        std::printf("  observed %llu: %llu updated, %llu new, %llu merged\n", n(observed_), n(how_[XRMESH_FUSED_UPDATED]),
                    n(how_[XRMESH_FUSED_CREATED]), n(how_[XRMESH_FUSED_MERGED]));
        std::printf("  anchor corrected by 5 cm: %llu of %llu objects moved with it, %u ticks later\n", n(moved_),
                    n(hung_.size()), correcting_ticks_);
        std::printf("session\n  %u ticks, %u agents\n  state hash %016llx\n", ticks_, counters->agents, n(*hash));
        return adds_up && lost_ == 0 && views_ == ticks_ && moved_ == hung_.size() &&
               observed_ == how_[XRMESH_FUSED_UPDATED] + how_[XRMESH_FUSED_CREATED] + how_[XRMESH_FUSED_MERGED];
    }

    bool wrong_input() const { return wrong_input_; }

    ::motion motion{};

    Session() = default;
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session() { motion_free(&motion); }

private:
    template <class T>
    static std::uint32_t count_of(const std::vector<T> &all)
    {
        return static_cast<std::uint32_t>(all.size());
    }

    /// A room of 6 by 5 m to stand in for a scan: tables with chairs around them.
    bool generate_room() const
    {
        xrmesh_class_id table = 0, chair = 0;
        if (xrmesh_memory_class(memory_.get(), "table", 5, &table) < 0 ||
            xrmesh_memory_class(memory_.get(), "chair", 5, &chair) < 0)
            return false;
        for (std::uint32_t i = 0; i < 20; ++i) {
            const bool is_table = i % 5 == 0;
            const float x = -2 + 4.0f * static_cast<float>(i / 5 % 2), z = -1.5f + 3.0f * static_cast<float>(i / 10);
            xrmesh_object object;
            xrmesh_object_id id = 0;
            xrmesh_object_default(&object);
            object.class_id = is_table ? table : chair;
            object.pose.position[0] = x + (is_table ? 0 : i % 5 < 3 ? 0.6f : -0.6f);
            object.pose.position[1] = is_table ? 0.7f : 0.45f;
            object.pose.position[2] = z + (is_table ? 0 : i % 2 == 0 ? 0.7f : -0.7f);
            object.half_extents[0] = object.half_extents[2] = is_table ? 0.4f : 0.25f;
            object.half_extents[1] = is_table ? 0.03f : 0.4f;
            if (xrmesh_memory_insert(memory_.get(), &object, &id, 1, nullptr, 0, nullptr) < 0)
                return false;
        }
        return true;
    }

    std::vector<xrmesh_object_id> all_objects(const SnapshotOwner &snapshot) const
    {
        std::vector<xrmesh_found> found(MOST_OBJECTS);
        std::uint32_t count = 0;
        const xrmesh_point origin{};
        if (xrmesh_snapshot_nearest(snapshot.get(), workspace_.get(), &origin, nullptr, found.data(), MOST_OBJECTS,
                                    &count) < 0)
            return {};
        std::vector<xrmesh_object_id> ids;
        for (std::uint32_t i = 0; i < count; ++i)
            ids.push_back(found[i].object);
        return ids;
    }

    /// What is in view is seen again, a little beside where it is: fusion finds which object it was.
    bool observe(std::uint32_t tick)
    {
        const SnapshotOwner snapshot = snapshot_of(memory_);
        std::vector<xrmesh_pose> poses(view_.size());
        std::vector<xrmesh_observation> observations(view_.size());
        std::vector<xrmesh_fused> fused(view_.size());
        if (xrmesh_snapshot_world_poses(snapshot.get(), view_.data(), poses.data(), count_of(view_)) < 0)
            return fail("view");
        for (std::uint32_t i = 0; i < view_.size(); ++i) {
            xrmesh_object object;
            if (xrmesh_snapshot_object(snapshot.get(), view_[i], &object, nullptr, 0) < 0)
                return fail("view");
            xrmesh_observation &seen = observations[i];
            xrmesh_observation_default(&seen);
            seen.class_id = object.class_id;
            seen.pose = poses[i];
            seen.pose.position[0] += static_cast<float>((tick * 7 + i * 13) % 21) * 1e-3f - 0.01f;
            seen.pose.position[2] += static_cast<float>((tick * 5 + i * 11) % 21) * 1e-3f - 0.01f;
            std::memcpy(seen.half_extents, object.half_extents, sizeof object.half_extents);
            seen.confidence = 0.8f;
        }
        if (xrmesh_memory_observe(memory_.get(), observations.data(), fused.data(), count_of(view_), nullptr, 0, 0) < 0)
            return fail("observe");
        observed_ += view_.size();
        for (const xrmesh_fused &one : fused)
            ++how_[one.how < how_.size() ? one.how : 0];
        return true;
    }

    /// Notes where all is that hangs on the anchor, then moves the anchor by 5 cm.
    bool correct_anchor()
    {
        const SnapshotOwner snapshot = snapshot_of(memory_);
        xrmesh_anchor anchor{};
        for (const xrmesh_object_id id : all_objects(snapshot)) {
            xrmesh_object object;
            if (xrmesh_snapshot_object(snapshot.get(), id, &object, nullptr, 0) < 0)
                return fail("anchor");
            if (object.anchor == anchor_)
                hung_.push_back(id);
        }
        before_.resize(hung_.size());
        if (xrmesh_snapshot_world_poses(snapshot.get(), hung_.data(), before_.data(), count_of(hung_)) < 0 ||
            xrmesh_snapshot_anchor(snapshot.get(), anchor_, &anchor, nullptr, 0) < 0)
            return fail("anchor");
        anchor.pose.position[0] += 0.05f;
        return xrmesh_memory_correct_anchor(memory_.get(), anchor_, &anchor.pose) >= 0 || fail("anchor");
    }

    /// After a tick: all that hung there has moved by 5 cm, or nothing has, as long as the correction is under way.
    bool see_correction()
    {
        const SnapshotOwner snapshot = snapshot_of(memory_);
        std::vector<xrmesh_pose> after(hung_.size());
        moved_ = 0;
        if (xrmesh_snapshot_world_poses(snapshot.get(), hung_.data(), after.data(), count_of(hung_)) < 0)
            return fail("correction");
        for (std::size_t i = 0; i < hung_.size(); ++i) {
            float squared = 0;
            for (int axis = 0; axis < 3; ++axis) {
                const float step = after[i].position[axis] - before_[i].position[axis];
                squared += step * step;
            }
            moved_ += std::fabs(std::sqrt(squared) - 0.05f) < 1e-4f;
        }
        return true;
    }

    /// Takes in what the headset's agent got.
    bool poll(xrmesh::Inbox &inbox)
    {
        for (;;) {
            const auto status = mesh_.poll(inbox);
            if (!status)
                return fail("poll");
            for (const xrmesh::MessageView message : inbox.messages()) {
                greetings_ += message->kind == GREETING;
                if (message->kind == XRMESH_KIND_ENVIRONMENT_MAP) {
                    view_.resize(message.payload.size() / sizeof view_[0]);
                    if (!view_.empty())
                        std::memcpy(view_.data(), message.payload.data(), view_.size() * sizeof view_[0]);
                    ++views_;
                }
            }
            polled_ += inbox.messages().size();
            lost_ += inbox.result().lost;
            if (status.code() != XRMESH_MORE)
                return true;
        }
    }

    // The mesh goes before what its agents use.
    Renderer renderer_;
    std::vector<xrmesh_agent_id> characters_;
    MemoryOwner memory_;
    xrmesh::Mesh mesh_;
    WorkspaceOwner workspace_ = new_workspace();
    xrmesh::Histogram tick_ns_;
    xrmesh_agent_id headset_ = 0;
    xrmesh_topic_id topic_ = 0;
    std::uint32_t ticks_ = 0;
    bool wrong_input_ = false;
    // What the headset's agent got.
    std::vector<xrmesh_object_id> view_;
    std::uint64_t greetings_ = 0, views_ = 0, polled_ = 0, lost_ = 0, observed_ = 0;
    std::array<std::uint64_t, 4> how_{}; // by XRMESH_FUSED_*
    // The anchor that is corrected, what hangs on it, and where that was.
    xrmesh_anchor_id anchor_ = 0;
    std::vector<xrmesh_object_id> hung_;
    std::vector<xrmesh_pose> before_;
    std::uint64_t moved_ = 0;
    std::uint32_t correcting_ticks_ = 0;
};

} // namespace

int main(int argc, char **argv)
{
    const char *room = nullptr, *recorded = nullptr;
    double agents = 200, seconds = 10, workers = 0;
    const option options[] = {
        {"--room", nullptr, 0, 0, &room},
        {"--motion", nullptr, 0, 0, &recorded},
        {"--agents", &agents, 0, 10000, nullptr},
        {"--seconds", &seconds, 0.1, 3600, nullptr},
        {"--workers", &workers, 0, 63, nullptr},
    };
    const int right = read_arguments("room_session", HELP, options, sizeof options / sizeof options[0], argc, argv);
    if (right != WELL)
        return right == WRONG_INPUT ? WRONG_INPUT : WELL;
    Session session;
    if (recorded != nullptr ? !motion_load("room_session", recorded, &session.motion) : !motion_generate(&session.motion))
        return WRONG_INPUT;
    std::printf("motion  %s: %zu poses, %.1f s\n", recorded == nullptr ? "generated" : recorded, session.motion.count,
                static_cast<double>(session.motion.samples[session.motion.count - 1].time_ns) * 1e-9);
    const bool done = session.set_up_room(room) &&
                      session.set_up_mesh(static_cast<std::uint32_t>(workers), static_cast<std::size_t>(agents)) &&
                      session.play(static_cast<std::uint32_t>(std::ceil(seconds * 90))) && session.report();
    return done ? WELL : session.wrong_input() ? WRONG_INPUT : FAILED;
}
