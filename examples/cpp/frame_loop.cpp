// A simulation thread beside a renderer's: the first ticks the mesh and publishes what it gave, the second draws it
// at its own pace and never waits. See docs/c-abi.md, "A renderer beside a simulation"; examples/c/frame_loop.c is
// the same in C.
//
// 1. The mesh is the simulation thread's. After each tick it leases what the renderer's agent got and puts the frame,
//    which stays where it is, into a ring.
// 2. The renderer takes the frames that are there, reads them in place and lets them go. If it is slow, the ring is
//    full: then the simulation leaves the messages in the mesh, and the next frame has them as well. None is lost.
// 3. What the renderer has to say goes through a lane of its own and is taken in by the next tick.
//
// Exit codes: 0; 1 if the messages do not add up; 2 for a wrong option.
#include "../c/arguments.h"
#include "xrmesh.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

namespace {

const char HELP[] = "A simulation thread ticks a mesh; a renderer's thread reads its frames and never waits.\n"
                    "\n"
                    "usage: frame_loop [options]\n"
                    "\n"
                    "  --seconds S   how long, 0.05 to 3600 [5]\n"
                    "  --rate HZ     ticks of the simulation a second, 1 to 1000 [90]\n"
                    "  --fps HZ      frames of the renderer a second, 1 to 1000 [72]\n"
                    "  --objects N   objects that move and say where they are, 1 to 1000 [100]\n"
                    "  --help        print this\n";

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;

/// What an object says of itself, each tick.
struct News {
    std::uint32_t object = 0;
    std::uint32_t tick = 0;
    float position[3] = {};
    float reserved = 0;
};

/// One thread puts frames, one takes them; neither waits.
class Ring {
public:
    bool is_full() const noexcept
    {
        return put_.load(std::memory_order_relaxed) - taken_.load(std::memory_order_acquire) == SLOTS;
    }
    /// There must be room.
    void put(xrmesh::Frame frame) noexcept
    {
        const unsigned put = put_.load(std::memory_order_relaxed);
        slots_[put % SLOTS] = std::move(frame);
        put_.store(put + 1, std::memory_order_release);
    }
    /// Shows the oldest frame, if there is one, and lets it go.
    template <class Read>
    bool take(Read read)
    {
        const unsigned taken = taken_.load(std::memory_order_relaxed);
        if (taken == put_.load(std::memory_order_acquire))
            return false;
        read(slots_[taken % SLOTS]);
        slots_[taken % SLOTS].reset();
        taken_.store(taken + 1, std::memory_order_release);
        return true;
    }

private:
    static constexpr unsigned SLOTS = 4;
    std::array<xrmesh::Frame, SLOTS> slots_;
    std::atomic<unsigned> put_{0}, taken_{0}; // how many so far
};

/// The pace of one thread, and how it kept it.
class Loop {
public:
    Loop(double rate_hz, xrmesh::Histogram work_ns)
        : period_(static_cast<std::int64_t>(1e9 / rate_hz)), work_ns_(std::move(work_ns))
    {
    }
    void begin(Clock::time_point begin) { begin_ = begin; }
    /// Waits until the next frame is due, runs it and measures it. It is late if it ends when the one after it
    /// should have begun.
    template <class Frame>
    void frame(Frame run)
    {
        std::this_thread::sleep_until(begin_ + frames_ * period_);
        const Clock::time_point from = Clock::now();
        run(from);
        const Clock::time_point now = Clock::now();
        ++frames_;
        late_ += now > begin_ + frames_ * period_;
        (void)work_ns_.record(static_cast<std::uint64_t>(Nanoseconds(now - from).count()));
    }
    Nanoseconds period() const noexcept { return period_; }
    std::int64_t frames() const noexcept { return frames_; }
    void print(const char *name) const
    {
        const auto us = [this](double at) { return static_cast<double>(work_ns_.quantile(at).value_or(0)) * 1e-3; };
        std::printf("%-11s %lld frames, %llu late; p50 %.1f us, p99 %.1f us, worst %.1f us of %.0f us\n", name,
                    static_cast<long long>(frames_), static_cast<unsigned long long>(late_), us(0.5), us(0.99), us(1),
                    static_cast<double>(period_.count()) * 1e-3);
    }

private:
    Nanoseconds period_;
    xrmesh::Histogram work_ns_;
    Clock::time_point begin_;
    std::int64_t frames_ = 0;
    std::uint64_t late_ = 0;
};

/// The mesh's own agent: it hears where the renderer's user looks.
struct Gaze {
    std::uint64_t &heard;
    void on_message(xrmesh::Context &, const xrmesh::MessageView &message)
    {
        heard += message.payload.size() == sizeof(std::uint32_t);
    }
};

/// What the two threads share; each part says whose it is.
struct Program {
    std::vector<xrmesh_agent_id> objects;
    xrmesh_topic_id topic = 0;
    std::int64_t ticks = 0;
    Ring ring;
    std::atomic<bool> ended{false}, failed{false};
    // The simulation thread's.
    xrmesh::Mesh mesh;
    Loop simulation;
    std::uint64_t held_back = 0, gazes_heard = 0;
    // The renderer's.
    xrmesh::Lane lane;
    xrmesh_agent_id gaze = 0;
    Loop renderer;
    std::vector<News> scene;
    std::uint64_t read = 0, lost = 0, stale = 0, empty = 0, gazes_sent = 0, gazes_refused = 0;

    Program(double rate_hz, double fps, xrmesh::Histogram of_ticks, xrmesh::Histogram of_frames)
        : simulation(rate_hz, std::move(of_ticks)), renderer(fps, std::move(of_frames))
    {
    }

    bool fail(const char *what)
    {
        std::fprintf(stderr, "frame_loop: %s: %s\n", what, xrmesh::last_error().c_str());
        failed = true;
        return false;
    }

    bool set_up(std::size_t count)
    {
        auto options = xrmesh::Mesh::options();
        options.worker_threads = 0; // the simulation thread does all the work
        auto made = xrmesh::Mesh::create(options);
        if (!made)
            return fail("create");
        mesh = *std::move(made);
        const auto eyes = mesh.spawn();
        const auto subscribed = mesh.subscribe(eyes ? *eyes : 0, "poses");
        auto own = mesh.lane();
        const auto hears = mesh.spawn_agent(std::unique_ptr<Gaze>(new Gaze{gazes_heard}));
        if (!subscribed || !own || !hears)
            return fail("set up");
        topic = *subscribed;
        lane = *std::move(own);
        gaze = *hears;
        for (std::size_t i = 0; i < count; ++i) {
            const auto object = mesh.spawn();
            if (!object)
                return fail("spawn");
            objects.push_back(*object);
        }
        scene.resize(count);
        return true;
    }

    /// Puts what the renderer's agent got into the ring, if there is room.
    void publish()
    {
        if (ring.is_full()) {
            ++held_back;
            return;
        }
        auto frame = mesh.lease();
        if (frame)
            ring.put(*std::move(frame));
        else
            fail("lease");
    }

    void simulate()
    {
        xrmesh::Outbox outbox;
        for (std::int64_t tick = 0; tick < ticks && !failed; ++tick) {
            simulation.frame([&](Clock::time_point) {
                outbox.clear();
                for (std::size_t i = 0; i < objects.size(); ++i) {
                    const double turn = 0.01 * static_cast<double>(tick + 1) + static_cast<double>(i);
                    News news;
                    news.object = static_cast<std::uint32_t>(i);
                    news.tick = static_cast<std::uint32_t>(tick);
                    news.position[0] = static_cast<float>(3 * std::cos(turn));
                    news.position[1] = 1;
                    news.position[2] = static_cast<float>(3 * std::sin(turn));
                    outbox.to_topic(topic, XRMESH_KIND_SPATIAL_COORDINATES, xrmesh::bytes_of_value(news)).from =
                        objects[i];
                }
                // The tick's time is the simulation's own, so that a session can be recorded and done again.
                if (!mesh.submit(outbox) || !mesh.tick(tick * simulation.period().count()))
                    fail("tick");
                else
                    publish();
            });
        }
        ended.store(true, std::memory_order_release);
    }

    /// Takes in what is there, oldest first, and says how many frames it was.
    int take()
    {
        int frames = 0;
        const auto look = [this](const xrmesh::Frame &frame) {
            for (const xrmesh::MessageView message : frame.messages()) {
                News news;
                if (!message.read(news) || news.object >= scene.size())
                    continue;
                // An object's news come in the order in which it said them.
                stale += news.tick < scene[news.object].tick;
                scene[news.object] = news;
                ++read;
            }
            lost += frame.lost();
        };
        while (ring.take(look))
            ++frames;
        return frames;
    }

    void render()
    {
        xrmesh::Outbox outbox;
        for (bool last = false; !last && !failed;) {
            renderer.frame([&](Clock::time_point) {
                last = ended.load(std::memory_order_acquire);
                empty += take() == 0;
                // Drawing, as far as it goes without a screen: what does the user at the origin look at?
                std::uint32_t nearest = 0;
                float least = INFINITY;
                for (const News &news : scene) {
                    const float z = news.position[2] + 3, distance = news.position[0] * news.position[0] + z * z;
                    if (distance < least)
                        least = distance, nearest = news.object;
                }
                outbox.clear();
                outbox.to_agent(gaze, XRMESH_KIND_USER, xrmesh::bytes_of_value(nearest));
                // Full: the simulation is late; the next frame says it anew.
                ++(lane.submit(outbox) ? gazes_sent : gazes_refused);
            });
        }
    }

    /// Prints the report; whether every message is accounted for.
    bool report()
    {
        const auto counters = mesh.counters();
        if (!counters)
            return fail("counters");
        std::uint64_t dropped = 0;
        for (const std::uint64_t count : counters->dropped)
            dropped += count;
        const auto n = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
        simulation.print("simulation");
        renderer.print("renderer");
        std::printf("            %llu frames without news, %llu ticks held back\n", n(empty), n(held_back));
        std::printf("            read %llu messages, lost %llu; gaze sent %llu, heard %llu, refused %llu\n", n(read),
                    n(lost), n(gazes_sent), n(gazes_heard), n(gazes_refused));
        const bool adds_up = counters->sent == counters->delivered + counters->pending + dropped;
        std::printf("messages    %llu sent %s %llu delivered + %llu pending + %llu dropped\n", n(counters->sent),
                    adds_up ? "=" : "is not", n(counters->delivered), n(counters->pending), n(dropped));
        return adds_up && read + lost == objects.size() * static_cast<std::uint64_t>(simulation.frames()) &&
               stale == 0 && gazes_heard == gazes_sent;
    }
};

} // namespace

int main(int argc, char **argv)
{
    double seconds = 5, rate = 90, fps = 72, objects = 100;
    const option options[] = {
        {"--seconds", &seconds, 0.05, 3600, nullptr},
        {"--rate", &rate, 1, 1000, nullptr},
        {"--fps", &fps, 1, 1000, nullptr},
        {"--objects", &objects, 1, 1000, nullptr},
    };
    const int right = read_arguments("frame_loop", HELP, options, sizeof options / sizeof options[0], argc, argv);
    if (right != WELL)
        return right == WRONG_INPUT ? WRONG_INPUT : WELL;

    auto of_ticks = xrmesh::Histogram::create();
    auto of_frames = xrmesh::Histogram::create();
    if (!of_ticks || !of_frames)
        return FAILED;
    Program all(rate, fps, *std::move(of_ticks), *std::move(of_frames));
    all.ticks = static_cast<std::int64_t>(std::ceil(seconds * rate));
    if (!all.set_up(static_cast<std::size_t>(objects)))
        return FAILED;
    const Clock::time_point begin = Clock::now();
    all.simulation.begin(begin);
    all.renderer.begin(begin);
    std::thread simulation(&Program::simulate, &all);
    std::thread renderer(&Program::render, &all);
    simulation.join();
    renderer.join();
    if (all.failed)
        return FAILED;
    // What found the ring full in the end, and what the renderer said last.
    all.publish();
    if (!all.mesh.tick(all.ticks * all.simulation.period().count()))
        return FAILED;
    all.take();
    return all.report() && !all.failed ? WELL : FAILED;
}
