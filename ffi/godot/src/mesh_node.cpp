#include "mesh_node.hpp"

namespace {

constexpr std::uint32_t INBOX_MESSAGES = 1024;
constexpr std::uint32_t INBOX_BYTES = 1 << 20;

std::uint64_t bits(std::int64_t id) { return static_cast<std::uint64_t>(id); }

} // namespace

MeshNode::MeshNode() : inbox_(INBOX_MESSAGES, INBOX_BYTES)
{
    xrmesh_mesh_options options = xrmesh::Mesh::options();
    options.worker_threads = 0;
    auto made = xrmesh::Mesh::create(options);
    check(made.code(), "mesh");
    if (made)
        mesh_ = *std::move(made);
}

xrmesh_pose MeshNode::pose(const engine::Vector3 &position, const engine::Quaternion &rotation) noexcept
{
    return {{float(position.x), float(position.y), float(position.z)},
            {float(rotation.x), float(rotation.y), float(rotation.z), float(rotation.w)}};
}

std::int64_t MeshNode::spawn(const engine::Vector3 &position, const engine::Quaternion &rotation)
{
    const auto agent = mesh_.spawn(pose(position, rotation));
    check(agent.code(), "spawn");
    return agent ? static_cast<std::int64_t>(*agent) : 0;
}

void MeshNode::despawn(std::int64_t agent) { check(mesh_.despawn(bits(agent)), "despawn"); }

void MeshNode::move(std::int64_t agent, const engine::Vector3 &position, const engine::Quaternion &rotation)
{
    check(mesh_.move(bits(agent), pose(position, rotation)), "move");
}

engine::Vector3 MeshNode::position_of(std::int64_t agent) const
{
    xrmesh_pose found{};
    check(xrmesh_mesh_pose_of(mesh_.get(), bits(agent), &found), "position_of");
    return {found.position[0], found.position[1], found.position[2]};
}

std::int64_t MeshNode::subscribe(std::int64_t agent, std::string_view topic)
{
    const auto id = mesh_.subscribe(bits(agent), topic);
    check(id.code(), "subscribe");
    return id ? static_cast<std::int64_t>(*id) : 0;
}

xrmesh_send &MeshNode::add(std::int64_t from, std::int64_t kind, xrmesh::Bytes payload)
{
    // A kind that does not fit is none that the library knows, and is refused there.
    xrmesh_send &send = outbox_.add(kind < 0 || kind > UINT16_MAX ? UINT16_MAX : static_cast<std::uint16_t>(kind), payload);
    send.from = bits(from);
    return send;
}

void MeshNode::send_to(std::int64_t from, std::int64_t agent, std::int64_t kind, xrmesh::Bytes payload)
{
    add(from, kind, payload).target = bits(agent);
}

void MeshNode::send_topic(std::int64_t from, std::int64_t topic, std::int64_t kind, xrmesh::Bytes payload)
{
    xrmesh_send &send = add(from, kind, payload);
    send.to = XRMESH_TO_TOPIC;
    send.target = bits(topic);
}

void MeshNode::send_near(std::int64_t from, const engine::Vector3 &point, double radius, std::int64_t kind,
                         xrmesh::Bytes payload)
{
    xrmesh_send &send = add(from, kind, payload);
    send.to = XRMESH_TO_NEAR;
    send.point[0] = float(point.x);
    send.point[1] = float(point.y);
    send.point[2] = float(point.z);
    send.radius = static_cast<float>(radius);
}

void MeshNode::process(double delta)
{
    if (!mesh_)
        return;
    check(mesh_.submit(outbox_), "submit");
    // Also where a message was refused: it would be refused again in every frame.
    outbox_.clear();
    now_ns_ += static_cast<std::int64_t>(delta * 1e9);
    check(mesh_.tick(now_ns_).code(), "tick");
    poll();
}

void MeshNode::poll()
{
    const xrmesh::Status status = mesh_.poll(inbox_);
    check(status, "poll");
    messages_ = inbox_.messages();
    next_ = 0;
    more_ = status.code() == XRMESH_MORE;
}

bool MeshNode::next_message()
{
    if (next_ == messages_.size() && more_)
        poll();
    if (next_ == messages_.size()) {
        at_ = {};
        return false;
    }
    at_ = messages_[next_++];
    return true;
}

void MeshNode::check(xrmesh::Status status, const char *what)
{
    if (!status.ok())
        engine::godot.print_error(what, xrmesh::last_error().c_str(), "XrmeshNode", __FILE__, __LINE__, 0);
}
