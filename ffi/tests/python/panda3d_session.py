"""The session in a real engine: Panda3D without a window. Its task manager runs the frames, its scene graph holds the
bodies, and the mesh carries what they say to each other.

    python3 ffi/tests/python/panda3d_session.py FOLDER-OF-THE-LIBRARY

Panda3D's space is right-handed, Z up, +Y forward: (x, y, z) of the mesh is (x, -z, y) there.
"""

import ctypes
import math
import sys
from ctypes import byref

from panda3d.core import NodePath, PandaSystem, Vec3, loadPrcFileData

loadPrcFileData("", "window-type none\naudio-library-name null\nnotify-level warning\n")

from direct.showbase.ShowBase import ShowBase  # noqa: E402

import xrmesh_view  # noqa: E402

FRAMES, THINGS, RADIUS_M, HEARING_M = 240, 48, 4.0, 1.2


def to_mesh(v):
    return v.x, v.z, -v.y


def to_panda(position):
    return Vec3(position[0], -position[2], position[1])


class Session(ShowBase):
    def __init__(self, xr):
        super().__init__()
        self.xr = xr
        options = xr.filled("xrmesh_mesh_options")
        options.abi_version, options.worker_threads = xr.XRMESH_ABI_VERSION, 0
        self.mesh = xr.xrmesh_mesh()
        xr.check(xr.xrmesh_mesh_create(byref(options), byref(self.mesh)))
        self.nodes, self.greeted, self.frame = {}, {}, 0
        for i in range(THINGS):
            at = 2 * math.pi * i / THINGS
            self.add(f"thing {i}", Vec3(RADIUS_M * math.cos(at), RADIUS_M * math.sin(at), 1))
        self.walker = self.add("walker", Vec3(RADIUS_M, 0, 1))
        self.messages = (xr.xrmesh_message * 256)()
        self.payload = (ctypes.c_uint8 * 8192)()
        self.task_mgr.add(self.step, "mesh")

    def add(self, name, position):
        node = NodePath(name)
        node.reparent_to(self.render)
        node.set_pos(position)
        spawn = self.xr.filled("xrmesh_spawn_options")
        spawn.flags = self.xr.XRMESH_SPAWN_POSE
        spawn.pose.position[:] = to_mesh(position)
        spawn.pose.orientation[3] = 1
        agent = ctypes.c_uint64()
        self.xr.check(self.xr.xrmesh_mesh_spawn(self.mesh, byref(spawn), byref(agent)))
        self.nodes[agent.value] = node
        return agent.value

    def step(self, task):
        xr, walker = self.xr, self.nodes[self.walker]
        angle = 2 * math.pi * self.frame / FRAMES
        walker.set_pos(RADIUS_M * math.cos(angle), RADIUS_M * math.sin(angle), 1)
        pose = xr.xrmesh_pose()
        pose.position[:] = to_mesh(walker.get_pos(self.render))
        pose.orientation[3] = 1
        xr.check(xr.xrmesh_mesh_move(self.mesh, self.walker, byref(pose)))
        send = xr.filled("xrmesh_send")
        send.to, send.kind = xr.XRMESH_TO_NEAR, xr.XRMESH_KIND_USER
        send.point[:], send.radius = pose.position[:], HEARING_M
        send.flags, send.pose = xr.XRMESH_SEND_POSE, pose
        xr.check(xr.xrmesh_mesh_submit(self.mesh, byref(send), 1, None, 0, None, None))
        xr.check(xr.xrmesh_mesh_tick(self.mesh, self.frame * 11_111_111, xr.XRMESH_UNLIMITED, None))
        got = xr.xrmesh_poll_result()
        xr.check(xr.xrmesh_mesh_poll(self.mesh, self.messages, 256, self.payload, 8192, byref(got)))
        for message in self.messages[: got.message_count]:
            node = self.nodes[message.to]
            heard_at = to_panda(message.pose.position)
            # The engine's own measure agrees with the mesh's.
            assert (node.get_pos(self.render) - heard_at).length() <= HEARING_M * 1.0001
            if message.to != self.walker:
                node.look_at(self.render, heard_at)
                self.greeted[message.to] = self.greeted.get(message.to, 0) + 1
        self.frame += 1
        return task.cont


def main(folder):
    xr = xrmesh_view.load(folder)
    session = Session(xr)
    while session.frame < FRAMES:
        session.task_mgr.step()
    assert len(session.greeted) == THINGS, f"{len(session.greeted)} of {THINGS} were greeted"
    counters = xr.filled("xrmesh_counters")
    xr.check(xr.xrmesh_mesh_counters(session.mesh, byref(counters)))
    assert counters.sent == counters.delivered + counters.pending + sum(counters.dropped)
    xr.check(xr.xrmesh_mesh_destroy(session.mesh))
    print(f"Panda3D {PandaSystem.get_version_string()}: {FRAMES} frames, {counters.delivered} messages delivered")


if __name__ == "__main__":
    main(sys.argv[1])
