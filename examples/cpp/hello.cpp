// An agent of one's own class beside one that the host polls. See docs/c-abi.md.
#include "xrmesh.hpp"

#include <cstdio>

namespace {

/// Says back whatever it hears.
struct Echo {
    xrmesh_status on_message(xrmesh::Context &context, const xrmesh::MessageView &heard)
    {
        return context.send(heard->from, heard->kind, heard.payload).code();
    }
};

int failed(const char *what)
{
    std::fprintf(stderr, "%s: %s\n", what, xrmesh::last_error().c_str());
    return 1;
}

} // namespace

int main()
{
    auto options = xrmesh::Mesh::options();
    options.worker_threads = 0; // no thread of its own
    auto made = xrmesh::Mesh::create(options);
    if (!made)
        return failed("create");
    xrmesh::Mesh mesh = *std::move(made);

    const auto echo = mesh.spawn_agent(std::make_unique<Echo>());
    const auto host = mesh.spawn();
    if (!echo || !host)
        return failed("spawn");

    xrmesh::Outbox outbox;
    outbox.to_agent(*echo, XRMESH_KIND_USER, xrmesh::bytes_of("hello, world")).from = *host;
    if (!mesh.submit(outbox))
        return failed("submit");
    if (!mesh.tick(0))
        return failed("tick");

    std::size_t heard = 0;
    auto frame = mesh.lease(); // read where they lie, until it goes
    if (!frame)
        return failed("lease");
    for (const xrmesh::MessageView message : frame->messages()) {
        const auto text = message.text();
        std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
        ++heard;
    }
    return heard == 1 ? 0 : 1;
}
