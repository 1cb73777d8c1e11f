// XrmeshNode: a Node that holds a mesh and ticks it in every frame. What GDScript sees of it is in methods.cpp.
#pragma once

#include "engine.hpp"
#include "xrmesh.hpp"

#include <string_view>

class MeshNode {
public:
    MeshNode();

    // Godot's space is the mesh's: right-handed, Y up, −Z forward, metres. Nothing is converted but the width of floats.
    static xrmesh_pose pose(const engine::Vector3 &position, const engine::Quaternion &rotation) noexcept;

    std::int64_t spawn(const engine::Vector3 &position, const engine::Quaternion &rotation);
    void despawn(std::int64_t agent);
    void move(std::int64_t agent, const engine::Vector3 &position, const engine::Quaternion &rotation);
    engine::Vector3 position_of(std::int64_t agent) const;
    std::int64_t subscribe(std::int64_t agent, std::string_view topic);

    // Each puts a message in for the next frame; `from` 0 is the host.
    void send_to(std::int64_t from, std::int64_t agent, std::int64_t kind, xrmesh::Bytes payload);
    void send_topic(std::int64_t from, std::int64_t topic, std::int64_t kind, xrmesh::Bytes payload);
    void send_near(std::int64_t from, const engine::Vector3 &point, double radius, std::int64_t kind, xrmesh::Bytes payload);

    // One frame, of so many seconds.
    void process(double delta);

    // Goes to the next message of the last frame; false after the last. `message` is the one it is at.
    bool next_message();
    const xrmesh::MessageView &message() const noexcept { return at_; }

private:
    static void check(xrmesh::Status status, const char *what);
    void poll();
    xrmesh_send &add(std::int64_t from, std::int64_t kind, xrmesh::Bytes payload);

    xrmesh::Mesh mesh_;
    xrmesh::Outbox outbox_;
    xrmesh::Inbox inbox_;
    xrmesh::Messages messages_;
    xrmesh::MessageView at_;
    std::size_t next_ = 0;
    bool more_ = false;
    std::int64_t now_ns_ = 0;
};
