using System;
using System.IO;
using System.Threading;
using Xrmesh;

/// A frame of moves and queries without an allocation; stores, maps, anchors, notices.
static class MemoryTest
{
    const int Objects = 1000;

    public static void Run()
    {
        Frames();
        Objects_();
        Anchors();
        Stores();
    }

    static XrPose At(float x, float y, float z)
    {
        XrPose pose = default(XrPose);
        pose.position = new XrFloat3(x, y, z);
        pose.orientation.w = 1;
        return pose;
    }

    static void Frames()
    {
        using (XrMemory memory = new XrMemory())
        using (XrWorkspace work = new XrWorkspace(64))
        using (XrSnapshot snapshot = new XrSnapshot())
        {
            XrObject[] things = new XrObject[Objects];
            ulong[] ids = new ulong[Objects];
            XrPose[] poses = new XrPose[Objects];
            uint chair = memory.Class("chair");
            for (int i = 0; i < Objects; i++)
            {
                things[i] = XrObject.Default();
                things[i].class_id = chair;
                poses[i] = At(i % 32, 0, i / 32);
                things[i].pose = poses[i];
            }
            memory.Insert(things, ids, Objects);
            XrClassFilter chairs = XrClassFilter.Only(chair);
            XrFound[] found = new XrFound[8], each = new XrFound[64];
            XrPoint[] points = new XrPoint[16];
            XrRange[] ranges = new XrRange[16];
            XrRayHit[] hits = new XrRayHit[16];
            XrRay[] rays = new XrRay[16];
            for (int i = 0; i < rays.Length; i++) rays[i].direction = new XrFloat3(0, 0, 1);
            ulong[] inside = new ulong[64];
            long now = 0, sum = 0;
            for (int frame = 0; frame < 100; frame++)
                sum += Frame(memory, snapshot, work, ids, poses, points, ranges, found, each, rays, hits, inside, chairs, ++now);
            long before = GC.GetAllocatedBytesForCurrentThread();
            int collections = GC.CollectionCount(0);
            for (int frame = 0; frame < 200; frame++)
                sum += Frame(memory, snapshot, work, ids, poses, points, ranges, found, each, rays, hits, inside, chairs, ++now);
            Check.Same(GC.GetAllocatedBytesForCurrentThread() - before, 0L);
            Check.Same(GC.CollectionCount(0), collections);
            Check.That(sum > 300 * 8, "the queries found nothing");

            // A snapshot is for any thread, and outlives its memory.
            memory.Dispose();
            Exception failed = null;
            Thread reader = new Thread(() =>
            {
                try
                {
                    using (XrWorkspace own = new XrWorkspace())
                        Check.Same(snapshot.Nearest(own, default(XrPoint), new XrFound[4]), 4);
                }
                catch (Exception thrown) { failed = thrown; }
            });
            reader.Start();
            reader.Join();
            if (failed != null) throw failed;
        }
    }

    static long Frame(XrMemory memory, XrSnapshot snapshot, XrWorkspace work, ulong[] ids, XrPose[] poses, XrPoint[] points,
        XrRange[] ranges, XrFound[] found, XrFound[] each, XrRay[] rays, XrRayHit[] hits, ulong[] inside, XrClassFilter chairs,
        long frame)
    {
        for (int i = 0; i < poses.Length; i++) poses[i].position.y = (frame % 7) * 0.01f;
        memory.UpdatePoses(ids, poses, poses.Length);
        memory.Publish(frame * 11111111);
        memory.Snapshot(snapshot);
        XrPoint eye = default(XrPoint);
        eye.x = frame % 30;
        long sum = snapshot.Nearest(work, eye, found, chairs);
        Check.That(found[0].distance_squared <= found[7].distance_squared, "not in order");
        sum += snapshot.Within(work, eye, 1.5f, found);
        XrBox box = default(XrBox);
        box.high = new XrFloat3(4, 1, 4);
        sum += snapshot.InBox(work, box, inside, chairs);
        XrFrustum view = default(XrFrustum);
        view.pose = At(5, 0, 20);
        view.left_rad = view.down_rad = -0.2f;
        view.right_rad = view.up_rad = 0.2f;
        view.near_m = 0.1f;
        view.far_m = 10;
        sum += snapshot.InFrustum(work, view, inside);
        for (int i = 0; i < points.Length; i++) points[i].x = i;
        sum += snapshot.NearestEach(work, points, ranges, points.Length, 4, each);
        snapshot.RayEach(work, rays, hits, rays.Length, 100);
        snapshot.WorldPoses(inside, poses, 1);
        return sum;
    }

    static void Objects_()
    {
        using (XrMemory memory = new XrMemory())
        using (XrWorkspace work = new XrWorkspace())
        using (XrSubscription subscription = memory.Subscribe(8))
        {
            uint cat = memory.Class("cat"), dog = memory.Class("dog");
            XrObject thing = XrObject.Default();
            thing.class_id = cat;
            ulong one = memory.Insert(thing);
            thing.class_id = dog;
            thing.pose = At(1, 0, 0);
            ulong other = memory.Insert(thing);
            memory.SetAttributes(one, Native.XRMESH_ATTRIBUTES_JSON, new byte[] { (byte)'{', (byte)'}' });
            byte[] content = new byte[8];
            XrObject read = memory.Object(one, content);
            Check.Same(read.attributes_len, 2u);
            Check.Same(content[1], (byte)'}');
            memory.Publish(1);
            using (XrSnapshot snapshot = memory.Snapshot())
            {
                ulong[] ids = new ulong[4];
                Check.Same(snapshot.ByClass(work, ids, XrClassFilter.Except(cat)), 1);
                Check.Same(ids[0], other);
                XrRay ray = default(XrRay);
                ray.origin = new XrFloat3(-1, 0, 0);
                ray.direction = new XrFloat3(1, 0, 0);
                XrRayHit hit;
                Check.That(snapshot.Ray(work, ray, 10, out hit) && hit.@object == one, "the ray hit something else");
                memory.Remove(one);
                memory.Publish(2);
                Check.That(snapshot.Object(one, out read), "a snapshot changed");
            }
            XrNotice[] notices = new XrNotice[8];
            Check.Same(subscription.Poll(notices), 3);
            Check.Same(notices[2].@event, (uint)Native.XRMESH_NOTICE_REMOVED);
            Check.Same(Check.Throws(() => memory.Remove(one)), Native.XRMESH_ERROR_UNKNOWN_OBJECT);
            thing.pose.position.x = float.NaN;
            Check.Same(Check.Throws(() => memory.Insert(thing)), Native.XRMESH_ERROR_GEOMETRY);

            XrObservation[] seen = { XrObservation.Default() };
            XrFused[] fused = new XrFused[1];
            seen[0].class_id = dog;
            seen[0].pose = At(1.1f, 0, 0);
            memory.Observe(seen, fused, 1, 3);
            Check.Same(fused[0].@object, other);
            Check.Same(fused[0].how, (uint)Native.XRMESH_FUSED_UPDATED);
        }
    }

    static void Anchors()
    {
        using (XrMesh mesh = new XrMesh())
        using (XrMemory memory = new XrMemory())
        {
            memory.Class("cup");
            uint desk = memory.AddAnchor("desk", At(1, 0, 0));
            XrObject cup = XrObject.Default();
            cup.anchor = desk;
            ulong id = memory.Insert(cup);
            Check.Same(Check.Throws(() => memory.RehangAnchor(desk, desk, At(0, 0, 0))), Native.XRMESH_ERROR_ANCHOR_CYCLE);
            mesh.Attach(memory);
            memory.CorrectAnchor(desk, At(3, 0, 0));
            mesh.Tick(1);
            Check.Same(Check.Throws(() => memory.Publish(2)), Native.XRMESH_ERROR_ATTACHED);
            using (XrSnapshot snapshot = memory.Snapshot())
            {
                XrPose[] poses = new XrPose[1];
                snapshot.WorldPoses(new[] { id }, poses, 1);
                Check.Same(poses[0].position.x, 3f);
                uint found;
                Check.That(snapshot.FindAnchor("desk", out found) && found == desk, "no desk");
            }
            mesh.Detach(memory);
        }
    }

    static void Stores()
    {
        string folder = Path.Combine(Path.GetTempPath(), "xrmesh-memory-" + Guid.NewGuid().ToString("N"));
        try
        {
            ulong hash;
            using (XrMemory memory = XrMemory.Open(folder))
            {
                memory.Class("a");
                for (int i = 0; i < 20; i++) memory.Insert(XrObject.Default());
                Check.Same(memory.Flush(), 21UL);
                hash = memory.StateHash;
                memory.ExportMap(Path.Combine(folder, "map.json"), 0);
                Check.Same(Check.Throws(() => XrMemory.Open(folder)), Native.XRMESH_ERROR_STORE_LOCKED);
                memory.Close();
            }
            using (XrMemory memory = XrMemory.Open(folder))
            using (XrMemory other = new XrMemory())
            {
                Check.Same(memory.StateHash, hash);
                byte[] json = File.ReadAllBytes(Path.Combine(folder, "map.json"));
                Check.Same(other.ImportMap(json, 0).objects, 20UL);
                Check.Same(other.StateHash, hash);
                Array.Resize(ref json, json.Length / 2);
                Check.Same(Check.Throws(() => other.ImportMap(json, 0)), Native.XRMESH_ERROR_MAP);
                Check.That(XrLibrary.LastError().Contains("line "), "no place: " + XrLibrary.LastError());
                Check.Same(other.StateHash, hash);
            }
        }
        finally { Directory.Delete(folder, true); }
    }
}
