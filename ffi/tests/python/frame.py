"""Reads a frame by the header's offsets: once through ctypes' structs, and once out of the bare bytes.

    python3 ffi/tests/python/frame.py --layout
    python3 ffi/tests/python/frame.py FOLDER-OF-THE-LIBRARY
"""

import ctypes
import struct
import sys
from ctypes import byref

import xrmesh_view

COUNT = 1000


def a_frame(xr):
    options = xr.filled("xrmesh_mesh_options")
    options.abi_version = xr.XRMESH_ABI_VERSION
    options.worker_threads = 0
    mesh = xr.xrmesh_mesh()
    xr.check(xr.xrmesh_mesh_create(byref(options), byref(mesh)))
    spawn = xr.filled("xrmesh_spawn_options")
    spawn.flags = xr.XRMESH_SPAWN_POSE
    agents = (ctypes.c_uint64 * 10)()
    for i in range(10):
        spawn.pose.position[0] = i
        spawn.pose.orientation[3] = 1
        xr.check(xr.xrmesh_mesh_spawn(mesh, byref(spawn), ctypes.cast(byref(agents, i * 8), ctypes.POINTER(ctypes.c_uint64))))

    sends = (xr.xrmesh_send * COUNT)()
    payload = (ctypes.c_uint8 * (COUNT * 80))()
    for i in range(COUNT):
        xr.xrmesh_send_default(byref(sends[i]))
        sends[i].kind = xr.XRMESH_KIND_USER + i % 7
        sends[i].target = agents[i % 10]
        sends[i].payload_offset, sends[i].payload_len = i * 80, i % 81
        payload[i * 80 : i * 80 + 80] = [i % 251] * 80
    result = xr.xrmesh_submit_result()
    xr.check(xr.xrmesh_mesh_submit(mesh, sends, COUNT, payload, len(payload), None, byref(result)))
    assert (result.accepted, result.status) == (COUNT, 0)
    xr.check(xr.xrmesh_mesh_tick(mesh, 0, xr.XRMESH_UNLIMITED, None))

    messages = (xr.xrmesh_message * COUNT)()
    received = (ctypes.c_uint8 * (COUNT * 88))()
    got = xr.xrmesh_poll_result()
    assert xr.check(xr.xrmesh_mesh_poll(mesh, messages, COUNT, received, len(received), byref(got))) == xr.XRMESH_OK
    assert got.message_count == COUNT and got.waiting == 0 and got.lost == 0

    offsets = {line.split()[0]: int(line.split()[1]) for line in xrmesh_view.layout()}
    frame, size = bytes(messages), offsets["xrmesh_message"]

    def at(i, field, form):
        return struct.unpack_from("<" + form, frame, i * size + offsets["xrmesh_message." + field])[0]

    seen = {agent: [] for agent in agents}
    for i in range(COUNT):
        message = messages[i]
        for field, form in (("id", "Q"), ("to", "Q"), ("from", "Q"), ("payload_offset", "I"), ("payload_len", "I"),
                            ("kind", "H"), ("priority", "B"), ("hops", "B"), ("sent_at_ns", "q"), ("deadline_ns", "q")):
            assert at(i, field, form) == getattr(message, field), field
        assert message.priority == 5 and getattr(message, "from") == 0 and message.deadline_ns == 2**63 - 1
        begin = message.payload_offset
        seen[message.to].append((message.kind, bytes(received[begin : begin + message.payload_len])))
    # Each agent got its own, in the order in which they were sent.
    for a, agent in enumerate(agents):
        expected = [(xr.XRMESH_KIND_USER + i % 7, bytes([i % 251]) * (i % 81)) for i in range(a, COUNT, 10)]
        assert seen[agent] == expected, a
    return mesh


def callbacks(xr, mesh):
    """A callback of Python runs, and an error that it must not let through C becomes a status."""
    heard, dropped = [], []
    calls = xr.filled("xrmesh_callbacks")
    kinds = dict(xr.xrmesh_callbacks._fields_)

    def on_message(_user_data, context, message, payload):
        moment = xr.xrmesh_moment()
        xr.check(xr.xrmesh_context_moment(context, byref(moment)))
        heard.append((moment.tick, message[0].kind, payload[0]))
        return xr.XRMESH_OK

    calls.on_message = kinds["on_message"](on_message)
    calls.drop = kinds["drop"](lambda _user_data: dropped.append(1))
    agent = ctypes.c_uint64()
    xr.check(xr.xrmesh_mesh_spawn_callbacks(mesh, byref(calls), None, byref(agent)))
    send = xr.filled("xrmesh_send")
    send.target, send.kind, send.payload_len = agent.value, xr.XRMESH_KIND_USER, 1
    xr.check(xr.xrmesh_mesh_submit(mesh, byref(send), 1, (ctypes.c_uint8 * 1)(42), 1, None, None))
    xr.check(xr.xrmesh_mesh_tick(mesh, 1, xr.XRMESH_UNLIMITED, None))
    assert heard == [(2, xr.XRMESH_KIND_USER, 42)] and dropped == []
    xr.check(xr.xrmesh_mesh_destroy(mesh))
    assert dropped == [1]
    try:
        xr.check(xr.xrmesh_mesh_destroy(mesh))
    except xrmesh_view.Error as error:
        assert error.status == xr.XRMESH_ERROR_INVALID_HANDLE
    else:
        raise AssertionError("destroyed twice")


def main(argument):
    if argument == "--layout":
        print("\n".join(xrmesh_view.layout()))
        return
    xr = xrmesh_view.load(argument)
    assert xr.xrmesh_abi_version() == xr.XRMESH_ABI_VERSION
    callbacks(xr, a_frame(xr))


if __name__ == "__main__":
    main(sys.argv[1])
