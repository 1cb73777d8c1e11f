// The C++ layer's recordings: to an object of the host and from one, with exceptions and without.
#include "xrmesh.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#if defined(__cpp_exceptions)
#include <stdexcept>
#endif

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what, xrmesh::last_error().c_str()); \
            std::exit(1);                                                                                    \
        }                                                                                                    \
    } while (0)

namespace {

using Block = std::vector<std::uint8_t>;
int writers, readers;

/// Keeps the bytes; fails, by throwing where that can be, when it is full.
struct Keeps {
    Block &block;
    std::size_t room;

    Keeps(Block &block_, std::size_t room_) : block(block_), room(room_) { ++writers; }
    ~Keeps() { --writers; }
    xrmesh_status write(xrmesh::Bytes bytes, std::uint32_t &taken)
    {
        if (block.size() + bytes.size() > room) {
#if defined(__cpp_exceptions)
            throw std::runtime_error("full");
#else
            return XRMESH_ERROR_CALLBACK;
#endif
        }
        taken = std::min<std::uint32_t>(bytes.count(), 100);
        block.insert(block.end(), bytes.begin(), bytes.begin() + taken);
        return XRMESH_OK;
    }
};

struct Gives {
    const Block &block;
    std::size_t at = 0;

    explicit Gives(const Block &block_) : block(block_) { ++readers; }
    ~Gives() { --readers; }
    xrmesh_status read(xrmesh::Span<std::uint8_t> room, std::uint32_t &given)
    {
        given = static_cast<std::uint32_t>(std::min(room.size(), block.size() - at));
        std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(at), given, room.begin());
        at += given;
        return XRMESH_OK;
    }
};

xrmesh::Mesh mesh()
{
    auto options = xrmesh::Mesh::options();
    options.worker_threads = 0;
    auto made = xrmesh::Mesh::create(options);
    CHECK(made);
    return *std::move(made);
}

std::uint64_t session(const xrmesh::Mesh &mesh)
{
    const auto ears = mesh.spawn();
    CHECK(ears);
    for (int tick = 0; tick < 5; ++tick) {
        xrmesh::Outbox outbox;
        outbox.to_agent(*ears, XRMESH_KIND_USER, xrmesh::bytes_of("hello"));
        CHECK(mesh.submit(outbox));
        CHECK(mesh.tick(tick));
    }
    return *mesh.state_hash();
}

} // namespace

int main()
{
    Block block;
    const xrmesh::Mesh recorded = mesh();
    CHECK(recorded.record_to(std::make_unique<Keeps>(block, 1 << 20)));
    const std::uint64_t hash = session(recorded);
    CHECK(recorded.recording()->ticks == 5 && writers == 1);
    CHECK(recorded.finish_recording());
    CHECK(writers == 0 && !block.empty());
    CHECK(recorded.recording().code() == XRMESH_ERROR_NOT_RECORDING);

    auto opened = xrmesh::Replay::open_from(std::make_unique<Gives>(block));
    CHECK(opened && readers == 1);
    xrmesh::Replay replay = *std::move(opened);
    CHECK(replay.keep(100, 10000));
    xrmesh::Inbox inbox(16, 1024);
    std::uint64_t last = 0;
    std::size_t heard = 0;
    for (;;) {
        const auto tick = replay.step();
        CHECK(tick);
        if (tick.code() == XRMESH_END)
            break;
        last = tick->hash;
        CHECK(replay.poll(inbox));
        for (const auto message : inbox.messages())
            heard += message.text() == "hello";
    }
    CHECK(last == hash && heard == 5);
    auto resumed = replay.into_mesh();
    CHECK(resumed && !replay && readers == 0);
    CHECK(*resumed->state_hash() == hash);

    // What it throws does not cross C: the recording ends, the session goes on.
    Block little;
    const xrmesh::Mesh other = mesh();
    CHECK(other.record_to(std::make_unique<Keeps>(little, block.size() - 60), 1, 0));
    CHECK(session(other) == hash);
    CHECK(other.recording()->status == XRMESH_ERROR_CALLBACK);
    CHECK(other.finish_recording().code() == XRMESH_ERROR_CALLBACK);
    CHECK(writers == 0 && !little.empty() && std::equal(little.begin(), little.end(), block.begin()));
    std::puts("streams: ok");
}
