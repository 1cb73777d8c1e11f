// xrmesh for C++17: owners, views and results over xrmesh.h. Header only; needs no exceptions and no RTTI.
//
// - An owner (Mesh, Memory, Snapshot, Frame, Sender and so on) destroys its handle when it goes. It
//   can be moved, not copied; get() gives the handle, release() gives it up.
// - A Span is a pointer and a count, of the caller's memory or of a leased frame.
// - A Result<T> is a value or a negative status; a Status is a Result without a value. Both must be looked at.
//   Above 0 a status is a success that says more: XRMESH_MORE, XRMESH_NONE and so on.
// - An agent of your own is any class with some of on_start, on_message, on_tick, on_stop, hash_state: see
//   Mesh::spawn_agent.
#ifndef XRMESH_HPP
#define XRMESH_HPP

#include "xrmesh.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xrmesh {

/// A pointer and a count; no owner.
template <class T>
class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N>
    constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /// Of anything contiguous: std::vector, std::array, std::string, std::span.
    template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<C &>().data()), T *> &&
                                                !std::is_same_v<std::decay_t<C>, Span>>>
    constexpr Span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

    /// The count as the C interface takes it; what is larger is no count it allows.
    constexpr std::uint32_t count() const noexcept
    {
        return size_ > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(size_);
    }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

using Bytes = Span<const std::uint8_t>;

/// A text's bytes.
inline Bytes bytes_of(std::string_view text) noexcept
{
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

/// A plain value's bytes.
template <class T>
Bytes bytes_of_value(const T &value) noexcept
{
    static_assert(std::is_trivially_copyable_v<T>, "only plain data has bytes that mean something elsewhere");
    return {reinterpret_cast<const std::uint8_t *>(&value), sizeof value};
}

/// This thread's last error, such as for a log.
inline std::string last_error()
{
    std::string text;
    std::uint32_t length = 0;
    xrmesh_last_error(nullptr, 0, &length);
    text.resize(length);
    xrmesh_last_error(text.data(), length, &length);
    return text;
}

/// What a call without a value gave.
class [[nodiscard]] Status {
public:
    constexpr Status(xrmesh_status code) noexcept : code_(code) {}
    constexpr bool ok() const noexcept { return code_ >= 0; }
    constexpr explicit operator bool() const noexcept { return ok(); }
    constexpr xrmesh_status code() const noexcept { return code_; }
    const char *name() const noexcept { return xrmesh_status_name(code_); }

private:
    xrmesh_status code_;
};

/// A value, or the negative status of a call that failed.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value, xrmesh_status code = XRMESH_OK) noexcept(std::is_nothrow_move_constructible_v<T>)
        : code_(code)
    {
        ::new (static_cast<void *>(&place_)) T(std::move(value));
    }
    static Result failed(xrmesh_status code) noexcept { return Result(Failed{code}); }

    Result(Result &&other) noexcept(std::is_nothrow_move_constructible_v<T>) : code_(other.code_)
    {
        if (ok())
            ::new (static_cast<void *>(&place_)) T(std::move(*other.pointer()));
    }
    Result(const Result &) = delete;
    Result &operator=(const Result &) = delete;
    ~Result()
    {
        if (ok())
            pointer()->~T();
    }

    bool ok() const noexcept { return code_ >= 0; }
    explicit operator bool() const noexcept { return ok(); }
    xrmesh_status code() const noexcept { return code_; }
    const char *name() const noexcept { return xrmesh_status_name(code_); }

    /// The value; there must be one.
    T &operator*() & noexcept { return *pointer(); }
    const T &operator*() const & noexcept { return *pointer(); }
    T &&operator*() && noexcept { return std::move(*pointer()); }
    T *operator->() noexcept { return pointer(); }
    const T *operator->() const noexcept { return pointer(); }

    /// The value, or another.
    T value_or(T other) && { return ok() ? std::move(*pointer()) : std::move(other); }

private:
    struct Failed {
        xrmesh_status code;
    };
    explicit Result(Failed failed) noexcept : code_(failed.code) {}
    T *pointer() noexcept { return std::launder(reinterpret_cast<T *>(&place_)); }
    const T *pointer() const noexcept { return std::launder(reinterpret_cast<const T *>(&place_)); }

    alignas(T) unsigned char place_[sizeof(T)];
    xrmesh_status code_;
};

/// Owns a handle.
template <class Handle, xrmesh_status (*Destroy)(Handle)>
class Owner {
public:
    Owner() noexcept = default;
    explicit Owner(Handle handle) noexcept : handle_(handle) {}
    Owner(Owner &&other) noexcept : handle_(other.release()) {}
    Owner &operator=(Owner &&other) noexcept
    {
        if (this != &other) {
            reset();
            handle_ = other.release();
        }
        return *this;
    }
    Owner(const Owner &) = delete;
    Owner &operator=(const Owner &) = delete;
    ~Owner() { reset(); }

    Handle get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_.bits != 0; }

    /// Gives the handle up: somebody else destroys it.
    Handle release() noexcept
    {
        const Handle handle = handle_;
        handle_.bits = 0;
        return handle;
    }

    /// Destroys it now.
    void reset() noexcept
    {
        if (handle_.bits != 0)
            Destroy(release());
    }

private:
    Handle handle_{};
};

/// A message and its payload, where they lie.
struct MessageView {
    const xrmesh_message *message = nullptr;
    Bytes payload;

    const xrmesh_message *operator->() const noexcept { return message; }
    std::string_view text() const noexcept
    {
        return {reinterpret_cast<const char *>(payload.data()), payload.size()};
    }
    /// The payload as a plain value; false if its size is another.
    template <class T>
    bool read(T &value) const noexcept
    {
        static_assert(std::is_trivially_copyable_v<T>, "only plain data can be read from bytes");
        if (payload.size() != sizeof value)
            return false;
        unsigned char *to = reinterpret_cast<unsigned char *>(&value);
        for (std::size_t i = 0; i < sizeof value; ++i)
            to[i] = payload[i];
        return true;
    }
};

/// Messages beside their payloads, to go through in a loop.
class Messages {
public:
    Messages() noexcept = default;
    Messages(Span<const xrmesh_message> messages, const std::uint8_t *payload) noexcept
        : messages_(messages), payload_(payload)
    {
    }

    class Iterator {
    public:
        Iterator(const xrmesh_message *at, const std::uint8_t *payload) noexcept : at_(at), payload_(payload) {}
        MessageView operator*() const noexcept { return {at_, {payload_ + at_->payload_offset, at_->payload_len}}; }
        Iterator &operator++() noexcept
        {
            ++at_;
            return *this;
        }
        bool operator!=(const Iterator &other) const noexcept { return at_ != other.at_; }
        bool operator==(const Iterator &other) const noexcept { return at_ == other.at_; }

    private:
        const xrmesh_message *at_;
        const std::uint8_t *payload_;
    };

    Iterator begin() const noexcept { return {messages_.begin(), payload_}; }
    Iterator end() const noexcept { return {messages_.end(), payload_}; }
    std::size_t size() const noexcept { return messages_.size(); }
    bool empty() const noexcept { return messages_.empty(); }
    MessageView operator[](std::size_t index) const noexcept
    {
        const xrmesh_message &message = messages_[index];
        return {&message, {payload_ + message.payload_offset, message.payload_len}};
    }

private:
    Span<const xrmesh_message> messages_;
    const std::uint8_t *payload_ = nullptr;
};

/// A leased frame: its messages stay where they are until it goes.
class Frame : public Owner<xrmesh_frame, xrmesh_frame_release> {
public:
    Frame() noexcept = default;
    Frame(xrmesh_frame frame, const xrmesh_frame_view &view) noexcept : Owner(frame), view_(view) {}
    Messages messages() const noexcept { return {{view_.messages, view_.message_count}, view_.payload}; }
    /// Messages that found the frame full since the last poll or lease, and are lost.
    std::uint64_t lost() const noexcept { return view_.lost; }

private:
    xrmesh_frame_view view_{};
};

/// The arrays that polling fills: made once, used every frame.
class Inbox {
public:
    /// Room for so many messages and bytes of payload.
    Inbox(std::uint32_t messages, std::uint32_t bytes) : messages_(messages), payload_((bytes + 7) / 8) {}

    Messages messages() const noexcept { return {{messages_.data(), result_.message_count}, bytes()}; }
    const xrmesh_poll_result &result() const noexcept { return result_; }

private:
    friend class Mesh;
    friend class Replay;
    const std::uint8_t *bytes() const noexcept { return reinterpret_cast<const std::uint8_t *>(payload_.data()); }

    std::vector<xrmesh_message> messages_;
    std::vector<std::uint64_t> payload_; // aligned for whatever payloads hold
    xrmesh_poll_result result_{};
};

/// Messages that are sent together, with their payloads in one block: made once, used every frame.
class Outbox {
public:
    /// Adds a message; the reference is for its further fields and valid until the next is added.
    xrmesh_send &add(std::uint16_t kind, Bytes payload = {})
    {
        xrmesh_send send;
        xrmesh_send_default(&send);
        send.kind = kind;
        send.payload_offset = static_cast<std::uint32_t>(payload_.size());
        send.payload_len = payload.count();
        payload_.insert(payload_.end(), payload.begin(), payload.end());
        sends_.push_back(send);
        return sends_.back();
    }
    xrmesh_send &to_agent(xrmesh_agent_id agent, std::uint16_t kind, Bytes payload = {})
    {
        xrmesh_send &send = add(kind, payload);
        send.target = agent;
        return send;
    }
    xrmesh_send &to_everyone(std::uint16_t kind, Bytes payload = {})
    {
        xrmesh_send &send = add(kind, payload);
        send.to = XRMESH_TO_EVERYONE;
        return send;
    }
    xrmesh_send &to_topic(xrmesh_topic_id topic, std::uint16_t kind, Bytes payload = {})
    {
        xrmesh_send &send = add(kind, payload);
        send.to = XRMESH_TO_TOPIC;
        send.target = topic;
        return send;
    }
    /// Answers a question that an agent of the host got.
    xrmesh_send &answer(const xrmesh_message &question, std::uint16_t kind, Bytes payload = {})
    {
        xrmesh_send &send = to_agent(question.from, kind, payload);
        send.from = question.to;
        send.ask = question.ask;
        send.flags = XRMESH_SEND_ANSWER;
        return send;
    }
    void clear() noexcept
    {
        sends_.clear();
        payload_.clear();
    }
    Span<const xrmesh_send> sends() const noexcept { return {sends_.data(), sends_.size()}; }
    Bytes payload() const noexcept { return {payload_.data(), payload_.size()}; }

private:
    std::vector<xrmesh_send> sends_;
    std::vector<std::uint8_t> payload_;
};

/// What a callback may use of the mesh; a thin cover of xrmesh_context_*. Valid until it returns.
class Context {
public:
    explicit Context(xrmesh_context context) noexcept : context_(context) {}
    xrmesh_context get() const noexcept { return context_; }

    xrmesh_moment moment() const noexcept
    {
        xrmesh_moment moment{};
        xrmesh_context_moment(context_, &moment);
        return moment;
    }
    /// Sends one message; for a question the number that its answer has in `ask`, else its envelope's.
    Result<std::uint64_t> send(const xrmesh_send &send, Bytes payload = {}) const noexcept
    {
        xrmesh_send one = send;
        one.payload_offset = 0;
        one.payload_len = payload.count();
        std::uint64_t id = 0;
        const xrmesh_status status =
            xrmesh_context_submit(context_, &one, 1, payload.data(), payload.count(), &id, nullptr);
        return status < 0 ? Result<std::uint64_t>::failed(status) : Result<std::uint64_t>(id);
    }
    Result<std::uint64_t> send(xrmesh_agent_id to, std::uint16_t kind, Bytes payload = {}) const noexcept
    {
        xrmesh_send one;
        xrmesh_send_default(&one);
        one.target = to;
        one.kind = kind;
        return send(one, payload);
    }
    Status answer(const xrmesh_message &question, std::uint16_t kind, Bytes payload = {}) const noexcept
    {
        xrmesh_send one;
        xrmesh_send_default(&one);
        one.target = question.from;
        one.kind = kind;
        one.ask = question.ask;
        one.flags = XRMESH_SEND_ANSWER;
        return send(one, payload).code();
    }
    Status wake_at(std::int64_t at_ns) const noexcept { return xrmesh_context_wake_at(context_, at_ns); }
    Status move(const xrmesh_pose &pose) const noexcept { return xrmesh_context_move(context_, &pose); }
    Status subscribe(std::string_view topic, const xrmesh_region *region = nullptr) const noexcept
    {
        return xrmesh_context_subscribe(context_, topic.data(), static_cast<std::uint32_t>(topic.size()), region);
    }
    Status connect(xrmesh_agent_id other) const noexcept { return xrmesh_context_connect(context_, other); }
    Status despawn(xrmesh_agent_id agent) const noexcept { return xrmesh_context_despawn(context_, agent); }

private:
    xrmesh_context context_;
};

namespace detail {

template <class A, class = void>
struct has_start : std::false_type {};
template <class A>
struct has_start<A, std::void_t<decltype(std::declval<A &>().on_start(std::declval<Context &>()))>>
    : std::true_type {};
template <class A, class = void>
struct has_message : std::false_type {};
template <class A>
struct has_message<A, std::void_t<decltype(std::declval<A &>().on_message(std::declval<Context &>(),
                                                                          std::declval<const MessageView &>()))>>
    : std::true_type {};
template <class A, class = void>
struct has_tick : std::false_type {};
template <class A>
struct has_tick<A, std::void_t<decltype(std::declval<A &>().on_tick(std::declval<Context &>()))>>
    : std::true_type {};
template <class A, class = void>
struct has_stop : std::false_type {};
template <class A>
struct has_stop<A, std::void_t<decltype(std::declval<A &>().on_stop(std::declval<Context &>()))>>
    : std::true_type {};
template <class A, class = void>
struct has_hash : std::false_type {};
template <class A>
struct has_hash<A, std::void_t<decltype(std::declval<const A &>().hash_state())>> : std::true_type {};

/// Runs a handler. What it throws must not cross C, and becomes XRMESH_ERROR_CALLBACK.
template <class Call>
xrmesh_status guarded(Call call) noexcept
{
#if defined(__cpp_exceptions)
    try {
        if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return XRMESH_OK;
        } else {
            return static_cast<xrmesh_status>(call());
        }
    } catch (...) {
        return XRMESH_ERROR_CALLBACK;
    }
#else
    if constexpr (std::is_void_v<decltype(call())>) {
        call();
        return XRMESH_OK;
    } else {
        return static_cast<xrmesh_status>(call());
    }
#endif
}

/// The C functions of an agent's class.
template <class A>
struct Trampolines {
    static xrmesh_status start(void *self, xrmesh_context lent)
    {
        Context context(lent);
        return guarded([&] { return static_cast<A *>(self)->on_start(context); });
    }
    static xrmesh_status message(void *self, xrmesh_context lent, const xrmesh_message *message,
                                 const std::uint8_t *payload)
    {
        Context context(lent);
        const MessageView view{message, {payload, message->payload_len}};
        return guarded([&] { return static_cast<A *>(self)->on_message(context, view); });
    }
    static xrmesh_status tick(void *self, xrmesh_context lent)
    {
        Context context(lent);
        return guarded([&] { return static_cast<A *>(self)->on_tick(context); });
    }
    static void stop(void *self, xrmesh_context lent)
    {
        Context context(lent);
        guarded([&] { static_cast<A *>(self)->on_stop(context); });
    }
    static std::uint64_t hash(void *self)
    {
        std::uint64_t hash = 0;
        guarded([&] { hash = static_cast<const A *>(self)->hash_state(); });
        return hash;
    }
    static void drop(void *self)
    {
        guarded([&] { delete static_cast<A *>(self); });
    }
};

template <class W, class = void>
struct has_flush : std::false_type {};
template <class W>
struct has_flush<W, std::void_t<decltype(std::declval<W &>().flush())>> : std::true_type {};

/// The C functions of a writer's or a reader's class.
template <class S>
struct StreamTrampolines {
    static xrmesh_status write(void *self, const std::uint8_t *bytes, std::uint32_t bytes_len, std::uint32_t *taken)
    {
        return guarded([&] { return static_cast<S *>(self)->write(Bytes(bytes, bytes_len), *taken); });
    }
    static xrmesh_status flush(void *self)
    {
        return guarded([&] { return static_cast<S *>(self)->flush(); });
    }
    static xrmesh_status read(void *self, std::uint8_t *bytes, std::uint32_t capacity, std::uint32_t *given)
    {
        return guarded([&] { return static_cast<S *>(self)->read(Span<std::uint8_t>(bytes, capacity), *given); });
    }
    static void drop(void *self)
    {
        guarded([&] { delete static_cast<S *>(self); });
    }
};

/// A value, or why there is none.
template <class T>
Result<T> result_of(xrmesh_status status, const T &value) noexcept
{
    return status < 0 ? Result<T>::failed(status) : Result<T>(value, status);
}

/// The functions of an agent, which then belongs to them.
template <class A>
xrmesh_callbacks callbacks_of(std::unique_ptr<A> agent)
{
    xrmesh_callbacks calls;
    xrmesh_callbacks_default(&calls);
    using T = Trampolines<A>;
    if constexpr (has_start<A>::value)
        calls.on_start = T::start;
    if constexpr (has_message<A>::value)
        calls.on_message = T::message;
    if constexpr (has_tick<A>::value)
        calls.on_tick = T::tick;
    if constexpr (has_stop<A>::value)
        calls.on_stop = T::stop;
    if constexpr (has_hash<A>::value)
        calls.hash_state = T::hash;
    calls.drop = T::drop;
    calls.user_data = agent.release();
    return calls;
}

} // namespace detail

/// Another thread's way into a mesh.
class Sender : public Owner<xrmesh_sender, xrmesh_sender_destroy> {
public:
    using Owner::Owner;
    Status submit(const Outbox &outbox, xrmesh_submit_result *result = nullptr) const noexcept
    {
        const auto sends = outbox.sends();
        const auto payload = outbox.payload();
        return xrmesh_sender_submit(get(), sends.data(), sends.count(), payload.data(), payload.count(), result);
    }
    Status move(xrmesh_agent_id agent, const xrmesh_pose &pose) const noexcept
    {
        return xrmesh_sender_move(get(), agent, &pose);
    }
    Status spawn(const xrmesh_spawn_options *options = nullptr) const noexcept
    {
        return xrmesh_sender_spawn(get(), options);
    }
    Status despawn(xrmesh_agent_id agent) const noexcept { return xrmesh_sender_despawn(get(), agent); }
};

/// One thread's own way into a mesh.
class Lane : public Owner<xrmesh_lane, xrmesh_lane_destroy> {
public:
    using Owner::Owner;
    Status submit(const Outbox &outbox, xrmesh_submit_result *result = nullptr) const noexcept
    {
        const auto sends = outbox.sends();
        const auto payload = outbox.payload();
        return xrmesh_lane_submit(get(), sends.data(), sends.count(), payload.data(), payload.count(), result);
    }
};

/// A simulated photonic processor.
class Processor : public Owner<xrmesh_processor, xrmesh_processor_destroy> {
public:
    using Owner::Owner;

    static xrmesh_processor_options options() noexcept
    {
        xrmesh_processor_options options;
        xrmesh_processor_options_default(&options);
        return options;
    }
    static Result<Processor> create(Span<const xrmesh_layer> layers, Span<const double> weights,
                                    const xrmesh_processor_options &options = Processor::options()) noexcept
    {
        xrmesh_processor processor{};
        const xrmesh_status status = xrmesh_processor_create(&options, layers.data(), layers.count(),
                                                             weights.data(), weights.count(), &processor);
        return status < 0 ? Result<Processor>::failed(status) : Result<Processor>(Processor(processor));
    }
    Status forward(Span<const float> values, std::uint32_t batch, Span<float> outputs,
                   std::uint64_t first_shot = 0) const noexcept
    {
        return xrmesh_processor_forward(get(), values.data(), values.count(), batch, first_shot, outputs.data(),
                                        outputs.count());
    }
    Result<xrmesh_energy> energy(double rate_hz, const xrmesh_parts *parts = nullptr) const noexcept
    {
        xrmesh_energy energy;
        xrmesh_energy_default(&energy);
        const xrmesh_status status = xrmesh_processor_energy(get(), rate_hz, parts, &energy);
        return status < 0 ? Result<xrmesh_energy>::failed(status) : Result<xrmesh_energy>(energy);
    }
};

/// Counts of values, from which quantiles can be had.
class Histogram : public Owner<xrmesh_histogram, xrmesh_histogram_destroy> {
public:
    using Owner::Owner;

    static Result<Histogram> create() noexcept
    {
        xrmesh_histogram histogram{};
        const xrmesh_status status = xrmesh_histogram_create(&histogram);
        return status < 0 ? Result<Histogram>::failed(status) : Result<Histogram>(Histogram(histogram));
    }
    Status record(std::uint64_t value, std::uint64_t times = 1) const noexcept
    {
        return xrmesh_histogram_record(get(), value, times);
    }
    Result<std::uint64_t> quantile(double fraction) const noexcept
    {
        std::uint64_t value = 0;
        const xrmesh_status status = xrmesh_histogram_quantile(get(), fraction, &value, nullptr);
        return status < 0 ? Result<std::uint64_t>::failed(status) : Result<std::uint64_t>(value, status);
    }
};

/// Scratch memory of one thread's queries, to be kept from frame to frame.
class Workspace : public Owner<xrmesh_workspace, xrmesh_workspace_destroy> {
public:
    using Owner::Owner;

    /// With room made ahead for so many answers.
    static Result<Workspace> create(std::uint32_t hits = 0) noexcept
    {
        xrmesh_workspace workspace{};
        const xrmesh_status status = xrmesh_workspace_create(hits, &workspace);
        return status < 0 ? Result<Workspace>::failed(status) : Result<Workspace>(Workspace(workspace));
    }
};

/// Which objects a query takes: those of these classes, or all others. The classes stay the caller's.
inline xrmesh_filter filter_of(Span<const xrmesh_class_id> classes, bool except = false) noexcept
{
    xrmesh_filter filter;
    xrmesh_filter_default(&filter);
    filter.mode = except ? XRMESH_FILTER_EXCEPT : XRMESH_FILTER_ONLY;
    filter.classes = classes.data();
    filter.class_count = classes.count();
    return filter;
}

/// A memory as it was at one moment, for any number of threads, each with its own workspace. Queries fill
/// the caller's room and give the part that they filled; code() is XRMESH_MORE where not all fit.
class Snapshot : public Owner<xrmesh_snapshot, xrmesh_snapshot_destroy> {
public:
    using Owner::Owner;
    template <class T>
    using Found = Result<Span<T>>;

    Result<xrmesh_snapshot_state> state() const noexcept
    {
        xrmesh_snapshot_state state{};
        return detail::result_of(xrmesh_snapshot_describe(get(), &state), state);
    }

    Found<xrmesh_found> nearest(const Workspace &work, xrmesh_point point, Span<xrmesh_found> room,
                                const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(xrmesh_snapshot_nearest(get(), work.get(), &point, filter, room.data(), room.count(), &count), room,
                      count);
    }
    Found<xrmesh_found> within(const Workspace &work, xrmesh_point point, float radius, Span<xrmesh_found> room,
                               const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(xrmesh_snapshot_within(get(), work.get(), &point, radius, filter, room.data(), room.count(), &count),
                      room, count);
    }
    Found<xrmesh_object_id> in_box(const Workspace &work, const xrmesh_box &bounds, Span<xrmesh_object_id> room,
                                   const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(xrmesh_snapshot_in_box(get(), work.get(), &bounds, filter, room.data(), room.count(), &count), room,
                      count);
    }
    Found<xrmesh_object_id> in_oriented_box(const Workspace &work, const xrmesh_oriented_box &bounds,
                                            Span<xrmesh_object_id> room,
                                            const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(
            xrmesh_snapshot_in_oriented_box(get(), work.get(), &bounds, filter, room.data(), room.count(), &count), room,
            count);
    }
    Found<xrmesh_object_id> in_frustum(const Workspace &work, const xrmesh_frustum &frustum, Span<xrmesh_object_id> room,
                                       const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(xrmesh_snapshot_in_frustum(get(), work.get(), &frustum, filter, room.data(), room.count(), &count),
                      room, count);
    }
    Found<xrmesh_object_id> in_region(const Workspace &work, const xrmesh_region &region, Span<xrmesh_object_id> room,
                                      const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(xrmesh_snapshot_in_region(get(), work.get(), &region, filter, room.data(), room.count(), &count),
                      room, count);
    }
    /// The first hit; code() is XRMESH_NONE if there is none.
    Result<xrmesh_ray_hit> ray(const Workspace &work, const xrmesh_ray &ray, float reach_m,
                               const xrmesh_filter *filter = nullptr) const noexcept
    {
        xrmesh_ray_hit hit{};
        return detail::result_of(xrmesh_snapshot_ray(get(), work.get(), &ray, reach_m, filter, &hit), hit);
    }
    Found<xrmesh_ray_hit> ray_all(const Workspace &work, const xrmesh_ray &ray, float reach_m, Span<xrmesh_ray_hit> room,
                                  const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(
            xrmesh_snapshot_ray_all(get(), work.get(), &ray, reach_m, filter, room.data(), room.count(), &count), room,
            count);
    }
    Found<xrmesh_object_id> by_class(const Workspace &work, Span<xrmesh_object_id> room,
                                     const xrmesh_filter *filter = nullptr) const noexcept
    {
        std::uint32_t count = 0;
        return filled(xrmesh_snapshot_by_class(get(), work.get(), filter, room.data(), room.count(), &count), room, count);
    }

    /// Many questions at once, of which there are as many ranges: ranges[i] says where in what was filled the
    /// answers of question i lie.
    Found<xrmesh_found> nearest_each(const Workspace &work, Span<const xrmesh_point> points, std::uint32_t limit,
                                     Span<xrmesh_range> ranges, Span<xrmesh_found> room,
                                     const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(points, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_nearest_each(get(), work.get(), points.data(), ranges.data(), points.count(), limit,
                                                filter, room.data(), room.count(), count);
        });
    }
    Found<xrmesh_found> within_each(const Workspace &work, Span<const xrmesh_point> points, float radius,
                                    std::uint32_t limit, Span<xrmesh_range> ranges, Span<xrmesh_found> room,
                                    const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(points, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_within_each(get(), work.get(), points.data(), ranges.data(), points.count(), radius,
                                               limit, filter, room.data(), room.count(), count);
        });
    }
    Found<xrmesh_object_id> in_box_each(const Workspace &work, Span<const xrmesh_box> boxes, std::uint32_t limit,
                                        Span<xrmesh_range> ranges, Span<xrmesh_object_id> room,
                                        const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(boxes, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_in_box_each(get(), work.get(), boxes.data(), ranges.data(), boxes.count(), limit, filter,
                                               room.data(), room.count(), count);
        });
    }
    Found<xrmesh_object_id> in_oriented_box_each(const Workspace &work, Span<const xrmesh_oriented_box> boxes,
                                                 std::uint32_t limit, Span<xrmesh_range> ranges,
                                                 Span<xrmesh_object_id> room,
                                                 const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(boxes, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_in_oriented_box_each(get(), work.get(), boxes.data(), ranges.data(), boxes.count(),
                                                        limit, filter, room.data(), room.count(), count);
        });
    }
    Found<xrmesh_object_id> in_frustum_each(const Workspace &work, Span<const xrmesh_frustum> frusta, std::uint32_t limit,
                                            Span<xrmesh_range> ranges, Span<xrmesh_object_id> room,
                                            const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(frusta, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_in_frustum_each(get(), work.get(), frusta.data(), ranges.data(), frusta.count(), limit,
                                                   filter, room.data(), room.count(), count);
        });
    }
    Found<xrmesh_object_id> in_region_each(const Workspace &work, Span<const xrmesh_region> regions, std::uint32_t limit,
                                           Span<xrmesh_range> ranges, Span<xrmesh_object_id> room,
                                           const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(regions, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_in_region_each(get(), work.get(), regions.data(), ranges.data(), regions.count(), limit,
                                                  filter, room.data(), room.count(), count);
        });
    }
    /// One hit a ray; an object of 0 where there is none.
    Status ray_each(const Workspace &work, Span<const xrmesh_ray> rays, float reach_m, Span<xrmesh_ray_hit> hits,
                    const xrmesh_filter *filter = nullptr) const noexcept
    {
        if (hits.size() < rays.size())
            return XRMESH_ERROR_BUFFER_TOO_SMALL;
        return xrmesh_snapshot_ray_each(get(), work.get(), rays.data(), hits.data(), rays.count(), reach_m, filter);
    }
    Found<xrmesh_ray_hit> ray_all_each(const Workspace &work, Span<const xrmesh_ray> rays, float reach_m,
                                       std::uint32_t limit, Span<xrmesh_range> ranges, Span<xrmesh_ray_hit> room,
                                       const xrmesh_filter *filter = nullptr) const noexcept
    {
        return each(rays, ranges, room, [&](std::uint32_t *count) {
            return xrmesh_snapshot_ray_all_each(get(), work.get(), rays.data(), ranges.data(), rays.count(), reach_m, limit,
                                                filter, room.data(), room.count(), count);
        });
    }

    /// An object; its attributes and then its name go to `content` if that has room for any.
    Result<xrmesh_object> object(xrmesh_object_id id, Span<std::uint8_t> content = {}) const noexcept
    {
        xrmesh_object object{};
        return detail::result_of(xrmesh_snapshot_object(get(), id, &object, content.data(), content.count()), object);
    }
    /// The id under which an object is there now; 0 if it is not.
    xrmesh_object_id resolve(xrmesh_object_id id) const noexcept
    {
        xrmesh_object_id resolved = 0;
        xrmesh_snapshot_resolve(get(), &id, &resolved, 1);
        return resolved;
    }
    /// Where objects are in the world, as many as there are ids.
    Status world_poses(Span<const xrmesh_object_id> ids, Span<xrmesh_pose> poses) const noexcept
    {
        if (poses.size() < ids.size())
            return XRMESH_ERROR_BUFFER_TOO_SMALL;
        return xrmesh_snapshot_world_poses(get(), ids.data(), poses.data(), ids.count());
    }
    Status world_boxes(Span<const xrmesh_object_id> ids, Span<xrmesh_box> boxes) const noexcept
    {
        if (boxes.size() < ids.size())
            return XRMESH_ERROR_BUFFER_TOO_SMALL;
        return xrmesh_snapshot_world_boxes(get(), ids.data(), boxes.data(), ids.count());
    }
    /// The class of a label; code() is XRMESH_NONE if there is none.
    Result<xrmesh_class_id> class_of(std::string_view label) const noexcept
    {
        xrmesh_class_id found = 0;
        return detail::result_of(
            xrmesh_snapshot_class(get(), label.data(), static_cast<std::uint32_t>(label.size()), &found), found);
    }
    Result<std::string> label(xrmesh_class_id class_id) const
    {
        std::string text;
        std::uint32_t length = 0;
        xrmesh_status status = xrmesh_snapshot_label(get(), class_id, nullptr, 0, &length);
        if (status == XRMESH_ERROR_ZERO_CAPACITY) {
            text.resize(length);
            status = xrmesh_snapshot_label(get(), class_id, text.data(), length, &length);
        }
        return status < 0 ? Result<std::string>::failed(status) : Result<std::string>(std::move(text));
    }
    /// The anchor of a name; code() is XRMESH_NONE if there is none.
    Result<xrmesh_anchor_id> find_anchor(std::string_view name) const noexcept
    {
        xrmesh_anchor_id found = 0;
        return detail::result_of(
            xrmesh_snapshot_find_anchor(get(), name.data(), static_cast<std::uint32_t>(name.size()), &found), found);
    }
    Result<xrmesh_anchor> anchor(xrmesh_anchor_id id) const noexcept
    {
        xrmesh_anchor shown{};
        return detail::result_of(xrmesh_snapshot_anchor(get(), id, &shown, nullptr, 0), shown);
    }

    /// Writes a map of JSON to a file.
    Result<xrmesh_exported> export_map(std::string_view path, std::int64_t exported_at_ns) const noexcept
    {
        xrmesh_exported done{};
        return detail::result_of(xrmesh_snapshot_export(get(), path.data(), static_cast<std::uint32_t>(path.size()),
                                                        exported_at_ns, &done),
                                 done);
    }
    /// Writes a map of JSON to an object of your own, as Mesh::record_to takes it.
    template <class W>
    Result<xrmesh_exported> export_to(std::unique_ptr<W> to, std::int64_t exported_at_ns,
                                      std::uint32_t buffer_bytes = 1u << 16) const noexcept
    {
        xrmesh_writer writer;
        xrmesh_writer_default(&writer);
        writer.buffer_bytes = buffer_bytes;
        writer.write = detail::StreamTrampolines<W>::write;
        if constexpr (detail::has_flush<W>::value)
            writer.flush = detail::StreamTrampolines<W>::flush;
        writer.drop = detail::StreamTrampolines<W>::drop;
        writer.user_data = to.release();
        xrmesh_exported done{};
        return detail::result_of(xrmesh_snapshot_export_to(get(), &writer, exported_at_ns, &done), done);
    }

private:
    /// `count` is read after the call that gave the status, in whatever order arguments are evaluated.
    template <class T>
    static Found<T> filled(xrmesh_status status, Span<T> room, const std::uint32_t &count) noexcept
    {
        return status < 0 ? Found<T>::failed(status) : Found<T>(Span<T>(room.data(), count), status);
    }
    template <class Q, class T, class Call>
    static Found<T> each(Span<Q> questions, Span<xrmesh_range> ranges, Span<T> room, Call call) noexcept
    {
        std::uint32_t count = 0;
        if (ranges.size() < questions.size())
            return Found<T>::failed(XRMESH_ERROR_BUFFER_TOO_SMALL);
        const xrmesh_status status = call(&count);
        return filled(status, room, count);
    }
};

/// What changes in a memory, from one published state to the next.
class Subscription : public Owner<xrmesh_subscription, xrmesh_subscription_destroy> {
public:
    using Owner::Owner;

    /// The notices that wait, the oldest first; code() is XRMESH_MORE if more do, XRMESH_END after the last of a
    /// memory that is gone.
    Result<Span<xrmesh_notice>> poll(Span<xrmesh_notice> room) const noexcept
    {
        std::uint32_t count = 0;
        const xrmesh_status status = xrmesh_subscription_poll(get(), room.data(), room.count(), &count);
        using Told = Result<Span<xrmesh_notice>>;
        return status < 0 ? Told::failed(status) : Told(Span<xrmesh_notice>(room.data(), count), status);
    }
};

/// A whole memory on its way into its store.
class Checkpoint : public Owner<xrmesh_checkpoint, xrmesh_checkpoint_destroy> {
public:
    using Owner::Owner;

    /// Writes about so many bytes more, on any thread; code() is XRMESH_MORE until it is written.
    Result<xrmesh_checkpoint_progress> step(std::uint64_t bytes) const noexcept
    {
        xrmesh_checkpoint_progress progress{};
        return detail::result_of(xrmesh_checkpoint_step(get(), bytes, &progress), progress);
    }
};

/// The objects of the world, found by where they are. One thread at a time changes it; snapshot() is for any.
class Memory : public Owner<xrmesh_memory, xrmesh_memory_destroy> {
public:
    using Owner::Owner;

    static xrmesh_memory_options options() noexcept
    {
        xrmesh_memory_options options;
        xrmesh_memory_options_default(&options);
        return options;
    }
    static Result<Memory> create(const xrmesh_memory_options &options = Memory::options()) noexcept
    {
        xrmesh_memory memory{};
        const xrmesh_status status = xrmesh_memory_create(&options, &memory);
        return status < 0 ? Result<Memory>::failed(status) : Result<Memory>(Memory(memory));
    }
    /// The memory that a folder holds.
    static Result<Memory> open(std::string_view folder, const xrmesh_memory_options &options = Memory::options(),
                               xrmesh_recovery *recovery = nullptr) noexcept
    {
        xrmesh_memory memory{};
        const xrmesh_status status = xrmesh_memory_open(folder.data(), static_cast<std::uint32_t>(folder.size()), &options,
                                                        &memory, recovery);
        return status < 0 ? Result<Memory>::failed(status) : Result<Memory>(Memory(memory));
    }
    /// Writes everything, ends the store and destroys the memory; the last change that is certain.
    Result<std::uint64_t> close() noexcept
    {
        std::uint64_t certain = 0;
        const xrmesh_status status = xrmesh_memory_close(get(), &certain);
        if (status != XRMESH_ERROR_BUSY && status != XRMESH_ERROR_ATTACHED && status != XRMESH_ERROR_PANIC)
            release();
        return detail::result_of(status, certain);
    }

    Result<xrmesh_class_id> class_of(std::string_view label) const noexcept
    {
        xrmesh_class_id found = 0;
        return detail::result_of(
            xrmesh_memory_class(get(), label.data(), static_cast<std::uint32_t>(label.size()), &found), found);
    }
    Status set_class_options(xrmesh_class_id class_id, const xrmesh_class_options &options) const noexcept
    {
        return xrmesh_memory_set_class_options(get(), class_id, &options);
    }

    /// Adds an object. Its attributes and its name lie in `content`.
    Result<xrmesh_object_id> insert(const xrmesh_object &object, Bytes content = {}) const noexcept
    {
        xrmesh_object_id id = 0;
        return detail::result_of(
            xrmesh_memory_insert(get(), &object, &id, 1, content.data(), content.count(), nullptr), id);
    }
    /// Adds objects, all or none; there are as many ids.
    Status insert(Span<const xrmesh_object> objects, Span<xrmesh_object_id> ids, Bytes content = {}) const noexcept
    {
        if (ids.size() < objects.size())
            return XRMESH_ERROR_BUFFER_TOO_SMALL;
        return xrmesh_memory_insert(get(), objects.data(), ids.data(), objects.count(), content.data(), content.count(),
                                    nullptr);
    }
    Status replace(xrmesh_object_id id, const xrmesh_object &object, Bytes content = {}) const noexcept
    {
        return xrmesh_memory_replace(get(), id, &object, content.data(), content.count());
    }
    Status remove(xrmesh_object_id id) const noexcept { return xrmesh_memory_remove(get(), id); }
    Status merge(xrmesh_object_id id, xrmesh_object_id into) const noexcept
    {
        return xrmesh_memory_merge(get(), id, into);
    }
    Status hang(xrmesh_object_id id, xrmesh_anchor_id anchor, const xrmesh_pose &pose) const noexcept
    {
        return xrmesh_memory_hang(get(), id, anchor, &pose);
    }
    Status set_attributes(xrmesh_object_id id, std::uint32_t kind, Bytes content) const noexcept
    {
        return xrmesh_memory_set_attributes(get(), id, kind, content.data(), content.count());
    }
    /// Moves objects, one pose each: a frame's worth in one call.
    Status update_poses(Span<const xrmesh_object_id> ids, Span<const xrmesh_pose> poses) const noexcept
    {
        if (poses.size() < ids.size())
            return XRMESH_ERROR_BUFFER_TOO_SMALL;
        return xrmesh_memory_update_poses(get(), ids.data(), poses.data(), ids.count());
    }
    Result<xrmesh_object> object(xrmesh_object_id id, Span<std::uint8_t> content = {}) const noexcept
    {
        xrmesh_object object{};
        return detail::result_of(xrmesh_memory_object(get(), id, &object, content.data(), content.count()), object);
    }

    /// Takes in what detectors saw; what became of each goes to `fused`, of which there are as many.
    Status observe(Span<const xrmesh_observation> observations, Span<xrmesh_fused> fused, std::int64_t now_ns,
                   Bytes content = {}) const noexcept
    {
        if (fused.size() < observations.size())
            return XRMESH_ERROR_BUFFER_TOO_SMALL;
        return xrmesh_memory_observe(get(), observations.data(), fused.data(), observations.count(), content.data(),
                                     content.count(), now_ns);
    }
    Result<xrmesh_aged> age(Span<const xrmesh_observer> observers, std::int64_t now_ns) const noexcept
    {
        xrmesh_aged aged{};
        return detail::result_of(xrmesh_memory_age(get(), observers.data(), observers.count(), now_ns, &aged), aged);
    }

    Result<xrmesh_anchor_id> add_anchor(std::string_view name, const xrmesh_pose &pose,
                                        xrmesh_anchor_id parent = XRMESH_ANCHOR_WORLD) const noexcept
    {
        xrmesh_anchor_id anchor = 0;
        return detail::result_of(xrmesh_memory_add_anchor(get(), name.data(), static_cast<std::uint32_t>(name.size()),
                                                          parent, &pose, &anchor),
                                 anchor);
    }
    Status correct_anchor(xrmesh_anchor_id anchor, const xrmesh_pose &pose) const noexcept
    {
        return xrmesh_memory_correct_anchor(get(), anchor, &pose);
    }
    Status rehang_anchor(xrmesh_anchor_id anchor, xrmesh_anchor_id parent, const xrmesh_pose &pose) const noexcept
    {
        return xrmesh_memory_rehang_anchor(get(), anchor, parent, &pose);
    }
    Status remove_anchor(xrmesh_anchor_id anchor) const noexcept { return xrmesh_memory_remove_anchor(get(), anchor); }

    Result<xrmesh_published> publish(std::int64_t now_ns) const noexcept
    {
        xrmesh_published published{};
        return detail::result_of(xrmesh_memory_publish(get(), now_ns, &published), published);
    }
    /// The latest published state, for any thread.
    Result<Snapshot> snapshot() const noexcept
    {
        xrmesh_snapshot snapshot{};
        const xrmesh_status status = xrmesh_memory_snapshot(get(), &snapshot);
        return status < 0 ? Result<Snapshot>::failed(status) : Result<Snapshot>(Snapshot(snapshot));
    }
    /// As readers saw it at that time.
    Result<Snapshot> as_of(std::int64_t time_ns) const noexcept
    {
        xrmesh_snapshot snapshot{};
        const xrmesh_status status = xrmesh_memory_as_of(get(), time_ns, &snapshot);
        return status < 0 ? Result<Snapshot>::failed(status) : Result<Snapshot>(Snapshot(snapshot));
    }
    Result<Subscription> subscribe(std::uint32_t queue, const xrmesh_region *region = nullptr,
                                   const xrmesh_filter *filter = nullptr) const noexcept
    {
        xrmesh_subscription made{};
        const xrmesh_status status = xrmesh_memory_subscribe(get(), region, filter, queue, &made);
        return status < 0 ? Result<Subscription>::failed(status) : Result<Subscription>(Subscription(made));
    }

    /// Writes and syncs everything; the last change that is certain. Blocks for the disk.
    Result<std::uint64_t> flush() const noexcept
    {
        std::uint64_t certain = 0;
        return detail::result_of(xrmesh_memory_flush(get(), &certain), certain);
    }
    /// The same for published states, from any thread; code() is XRMESH_NONE for a memory in RAM.
    Result<std::uint64_t> flush_behind() const noexcept
    {
        std::uint64_t certain = 0;
        return detail::result_of(xrmesh_memory_flush_behind(get(), &certain), certain);
    }
    /// code() is XRMESH_NONE for a memory in RAM, and the checkpoint null.
    Result<Checkpoint> checkpoint() const noexcept
    {
        xrmesh_checkpoint made{};
        const xrmesh_status status = xrmesh_memory_checkpoint(get(), &made);
        return status < 0 ? Result<Checkpoint>::failed(status) : Result<Checkpoint>(Checkpoint(made), status);
    }
    Result<xrmesh_exported> export_map(std::string_view path, std::int64_t exported_at_ns) const noexcept
    {
        xrmesh_exported done{};
        return detail::result_of(xrmesh_memory_export(get(), path.data(), static_cast<std::uint32_t>(path.size()),
                                                      exported_at_ns, &done),
                                 done);
    }
    Result<xrmesh_imported> import_map(std::string_view path, std::int64_t seen_at_ns) const noexcept
    {
        xrmesh_imported done{};
        return detail::result_of(
            xrmesh_memory_import(get(), path.data(), static_cast<std::uint32_t>(path.size()), seen_at_ns, &done), done);
    }
    Result<xrmesh_imported> import_bytes(Bytes json, std::int64_t seen_at_ns) const noexcept
    {
        xrmesh_imported done{};
        return detail::result_of(xrmesh_memory_import_bytes(get(), json.data(), json.count(), seen_at_ns, &done), done);
    }
    Result<xrmesh_imported> import_room(std::string_view path, std::int64_t seen_at_ns) const noexcept
    {
        xrmesh_imported done{};
        return detail::result_of(
            xrmesh_memory_import_room(get(), path.data(), static_cast<std::uint32_t>(path.size()), seen_at_ns, &done), done);
    }

    Result<std::uint64_t> state_hash() const noexcept
    {
        std::uint64_t hash = 0;
        return detail::result_of(xrmesh_memory_state_hash(get(), &hash), hash);
    }
    Result<xrmesh_memory_stats> stats() const noexcept
    {
        xrmesh_memory_stats stats;
        xrmesh_memory_stats_default(&stats);
        return detail::result_of(xrmesh_memory_counters(get(), &stats), stats);
    }
};

class Mesh;

/// A recorded session that is done again.
class Replay : public Owner<xrmesh_replay, xrmesh_replay_destroy> {
public:
    using Owner::Owner;

    static xrmesh_replay_options options() noexcept
    {
        xrmesh_replay_options options;
        xrmesh_replay_options_default(&options);
        return options;
    }
    static Result<Replay> open(std::string_view path,
                               const xrmesh_replay_options &options = Replay::options()) noexcept
    {
        xrmesh_replay replay{};
        const xrmesh_status status =
            xrmesh_replay_open(path.data(), static_cast<std::uint32_t>(path.size()), &options, &replay);
        return status < 0 ? Result<Replay>::failed(status) : Result<Replay>(Replay(replay));
    }
    /// Opens a recording that an object of your own gives: any class with
    ///     xrmesh_status read(Span<std::uint8_t> room, std::uint32_t &given);
    /// which writes how many bytes it gave to `given`; none is the end. It goes with the replay.
    template <class R>
    static Result<Replay> open_from(std::unique_ptr<R> from,
                                    const xrmesh_replay_options &options = Replay::options()) noexcept
    {
        xrmesh_reader reader;
        xrmesh_reader_default(&reader);
        reader.read = detail::StreamTrampolines<R>::read;
        reader.drop = detail::StreamTrampolines<R>::drop;
        reader.user_data = from.release();
        xrmesh_replay replay{};
        const xrmesh_status status = xrmesh_replay_open_from(&reader, &options, &replay);
        return status < 0 ? Result<Replay>::failed(status) : Result<Replay>(Replay(replay));
    }
    /// From here on the messages of the host's agents are kept for poll.
    Status keep(std::uint32_t frame_messages, std::uint32_t frame_bytes) const noexcept
    {
        return xrmesh_replay_keep(get(), frame_messages, frame_bytes);
    }
    /// Fills the inbox as Mesh::poll did in the session; code() is XRMESH_MORE if messages still wait.
    Status poll(Inbox &inbox) const noexcept
    {
        inbox.result_ = {};
        return xrmesh_replay_poll(get(), inbox.messages_.data(), static_cast<std::uint32_t>(inbox.messages_.size()),
                                  reinterpret_cast<std::uint8_t *>(inbox.payload_.data()),
                                  static_cast<std::uint32_t>(inbox.payload_.size() * 8), &inbox.result_);
    }
    /// Goes on with the mesh as a session of its own; the replay ends here.
    Result<Mesh> into_mesh(std::uint32_t frame_messages = 1u << 16, std::uint32_t frame_bytes = 64u << 20) noexcept;
    /// The next tick; code() is XRMESH_END after the last.
    Result<xrmesh_replay_tick> step() const noexcept
    {
        xrmesh_replay_tick tick{};
        const xrmesh_status status = xrmesh_replay_step(get(), &tick, nullptr);
        return status < 0 ? Result<xrmesh_replay_tick>::failed(status) : Result<xrmesh_replay_tick>(tick, status);
    }
};

/// Agents that exchange messages, tick by tick.
class Mesh : public Owner<xrmesh_mesh, xrmesh_mesh_destroy> {
public:
    using Owner::Owner;

    static xrmesh_mesh_options options() noexcept
    {
        xrmesh_mesh_options options;
        xrmesh_mesh_options_default(&options);
        return options;
    }
    static Result<Mesh> create(const xrmesh_mesh_options &options = Mesh::options()) noexcept
    {
        xrmesh_mesh mesh{};
        const xrmesh_status status = xrmesh_mesh_create(&options, &mesh);
        return status < 0 ? Result<Mesh>::failed(status) : Result<Mesh>(Mesh(mesh));
    }

    Result<xrmesh_tick_report> tick(std::int64_t now_ns, std::uint64_t messages = XRMESH_UNLIMITED) const noexcept
    {
        xrmesh_tick_report report;
        xrmesh_tick_report_default(&report);
        const xrmesh_status status = xrmesh_mesh_tick(get(), now_ns, messages, &report);
        return status < 0 ? Result<xrmesh_tick_report>::failed(status) : Result<xrmesh_tick_report>(report);
    }

    /// Spawns an agent that the host polls.
    Result<xrmesh_agent_id> spawn(const xrmesh_spawn_options *options = nullptr) const noexcept
    {
        xrmesh_agent_id agent = 0;
        return of(xrmesh_mesh_spawn(get(), options, &agent), agent);
    }
    Result<xrmesh_agent_id> spawn(const xrmesh_pose &pose) const noexcept
    {
        xrmesh_spawn_options options;
        xrmesh_spawn_options_default(&options);
        options.flags = XRMESH_SPAWN_POSE;
        options.pose = pose;
        return spawn(&options);
    }
    /// Spawns an agent of your own class. Its on_tick runs in every tick if `every_tick`.
    template <class A>
    Result<xrmesh_agent_id> spawn_agent(std::unique_ptr<A> agent, bool every_tick = false,
                                        const xrmesh_spawn_options *options = nullptr) const
    {
        xrmesh_callbacks calls = detail::callbacks_of(std::move(agent));
        calls.flags = every_tick ? XRMESH_CALLBACKS_TICK : 0;
        xrmesh_agent_id id = 0;
        return of(xrmesh_mesh_spawn_callbacks(get(), &calls, options, &id), id);
    }
    Status despawn(xrmesh_agent_id agent) const noexcept { return xrmesh_mesh_despawn(get(), agent); }
    Status move(xrmesh_agent_id agent, const xrmesh_pose &pose) const noexcept
    {
        return xrmesh_mesh_move(get(), agent, &pose);
    }
    Result<xrmesh_topic_id> subscribe(xrmesh_agent_id agent, std::string_view topic,
                                      const xrmesh_region *region = nullptr) const noexcept
    {
        xrmesh_topic_id id = 0;
        return of(xrmesh_mesh_subscribe(get(), agent, topic.data(), static_cast<std::uint32_t>(topic.size()),
                                        region, &id),
                  id);
    }
    Status connect(xrmesh_agent_id a, xrmesh_agent_id b) const noexcept { return xrmesh_mesh_connect(get(), a, b); }

    Status submit(const Outbox &outbox, xrmesh_submit_result *result = nullptr) const noexcept
    {
        const auto sends = outbox.sends();
        const auto payload = outbox.payload();
        return xrmesh_mesh_submit(get(), sends.data(), sends.count(), payload.data(), payload.count(), nullptr,
                                  result);
    }
    /// Fills the inbox; code() is XRMESH_MORE if messages still wait.
    Status poll(Inbox &inbox) const noexcept
    {
        inbox.result_ = {};
        return xrmesh_mesh_poll(get(), inbox.messages_.data(), static_cast<std::uint32_t>(inbox.messages_.size()),
                                reinterpret_cast<std::uint8_t *>(inbox.payload_.data()),
                                static_cast<std::uint32_t>(inbox.payload_.size() * 8), &inbox.result_);
    }
    Result<Frame> lease() const noexcept
    {
        xrmesh_frame frame{};
        xrmesh_frame_view view{};
        const xrmesh_status status = xrmesh_mesh_lease(get(), &frame, &view);
        return status < 0 ? Result<Frame>::failed(status) : Result<Frame>(Frame(frame, view));
    }

    Result<Sender> sender() const noexcept
    {
        xrmesh_sender sender{};
        const xrmesh_status status = xrmesh_mesh_sender(get(), &sender);
        return status < 0 ? Result<Sender>::failed(status) : Result<Sender>(Sender(sender));
    }
    Result<Lane> lane() const noexcept
    {
        xrmesh_lane lane{};
        const xrmesh_status status = xrmesh_mesh_lane(get(), &lane);
        return status < 0 ? Result<Lane>::failed(status) : Result<Lane>(Lane(lane));
    }
    Result<std::uint32_t> add_processor(std::string_view name, const Processor &processor) const noexcept
    {
        std::uint32_t number = 0;
        return of(xrmesh_mesh_add_processor(get(), name.data(), static_cast<std::uint32_t>(name.size()),
                                            processor.get(), &number),
                  number);
    }
    Result<std::uint64_t> state_hash() const noexcept
    {
        std::uint64_t hash = 0;
        return of(xrmesh_mesh_state_hash(get(), &hash), hash);
    }
    /// From here on the memory is the mesh's, and is changed by its handle as before.
    Status attach(const Memory &memory) const noexcept { return xrmesh_mesh_attach_memory(get(), memory.get()); }
    Status detach(const Memory &memory) const noexcept { return xrmesh_mesh_detach_memory(get(), memory.get()); }
    Result<xrmesh_counters> counters() const noexcept
    {
        xrmesh_counters counters;
        xrmesh_counters_default(&counters);
        return of(xrmesh_mesh_counters(get(), &counters), counters);
    }
    Status record(std::string_view path, std::uint32_t hash_every = 1) const noexcept
    {
        return xrmesh_mesh_record(get(), path.data(), static_cast<std::uint32_t>(path.size()), hash_every);
    }
    /// Records to an object of your own: any class with
    ///     xrmesh_status write(Bytes bytes, std::uint32_t &taken);
    /// and maybe xrmesh_status flush(). `taken` comes as all of the bytes; who takes fewer writes how many,
    /// and is called again with the rest. It goes with the recording.
    template <class W>
    Status record_to(std::unique_ptr<W> to, std::uint32_t hash_every = 1,
                     std::uint32_t buffer_bytes = 1u << 18) const noexcept
    {
        xrmesh_writer writer;
        xrmesh_writer_default(&writer);
        writer.buffer_bytes = buffer_bytes;
        writer.write = detail::StreamTrampolines<W>::write;
        if constexpr (detail::has_flush<W>::value)
            writer.flush = detail::StreamTrampolines<W>::flush;
        writer.drop = detail::StreamTrampolines<W>::drop;
        writer.user_data = to.release();
        return xrmesh_mesh_record_to(get(), &writer, hash_every);
    }
    /// How far the recording is, and whether it failed.
    Result<xrmesh_recording> recording() const noexcept
    {
        xrmesh_recording recording{};
        return of(xrmesh_mesh_recording(get(), &recording), recording);
    }
    Status finish_recording() const noexcept { return xrmesh_mesh_finish_recording(get(), nullptr); }
    /// Runs on_stop of all agents, then destroys the mesh.
    Status stop() noexcept
    {
        const xrmesh_status status = xrmesh_mesh_stop(get());
        if (status >= 0)
            release();
        return status;
    }

private:
    template <class T>
    static Result<T> of(xrmesh_status status, const T &value) noexcept
    {
        return status < 0 ? Result<T>::failed(status) : Result<T>(value, status);
    }
};

inline Result<Mesh> Replay::into_mesh(std::uint32_t frame_messages, std::uint32_t frame_bytes) noexcept
{
    xrmesh_mesh mesh{};
    const xrmesh_status status = xrmesh_replay_into_mesh(get(), frame_messages, frame_bytes, &mesh);
    if (status >= 0)
        release();
    return status < 0 ? Result<Mesh>::failed(status) : Result<Mesh>(Mesh(mesh));
}

} // namespace xrmesh

#endif // XRMESH_HPP
