using System;

namespace Xrmesh
{
    /// <summary>
    /// A memory as it was at one moment, for any number of threads, each with its own XrWorkspace. It outlives its memory.
    /// A query fills the caller's array and gives how many it wrote: the first ones, where there are more than fit. None
    /// allocates, once its workspace has grown.
    /// </summary>
    public sealed unsafe class XrSnapshot : IDisposable
    {
        XrSnapshotHandle handle;

        /// <summary>One that holds nothing yet: see XrMemory.Snapshot.</summary>
        public XrSnapshot() { }

        public XrSnapshotHandle Handle { get { return handle; } }

        internal void Become(XrSnapshotHandle taken)
        {
            Dispose();
            handle = taken;
        }

        public XrSnapshotState State
        {
            get
            {
                XrSnapshotState state;
                XrmeshException.Check(Native.xrmesh_snapshot_describe(handle, &state));
                return state;
            }
        }

        // Queries; a filter takes some classes only

        /// <summary>The nearest objects, as many as there is room for.</summary>
        public int Nearest(XrWorkspace work, XrPoint point, XrFound[] found, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (XrFound* first = found)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_nearest(
                    handle, work.Handle, &point, &some, first, (uint)found.Length, &count));
            }
            return (int)count;
        }

        /// <summary>The objects within a radius, nearest first.</summary>
        public int Within(XrWorkspace work, XrPoint point, float radius, XrFound[] found, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (XrFound* first = found)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_within(
                    handle, work.Handle, &point, radius, &some, first, (uint)found.Length, &count));
            }
            return (int)count;
        }

        public int InBox(XrWorkspace work, XrBox bounds, ulong[] objects, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (ulong* first = objects)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_in_box(
                    handle, work.Handle, &bounds, &some, first, (uint)objects.Length, &count));
            }
            return (int)count;
        }

        public int InOrientedBox(XrWorkspace work, XrOrientedBox bounds, ulong[] objects, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (ulong* first = objects)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_in_oriented_box(
                    handle, work.Handle, &bounds, &some, first, (uint)objects.Length, &count));
            }
            return (int)count;
        }

        public int InFrustum(XrWorkspace work, XrFrustum frustum, ulong[] objects, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (ulong* first = objects)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_in_frustum(
                    handle, work.Handle, &frustum, &some, first, (uint)objects.Length, &count));
            }
            return (int)count;
        }

        public int InRegion(XrWorkspace work, XrRegion region, ulong[] objects, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (ulong* first = objects)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_in_region(
                    handle, work.Handle, &region, &some, first, (uint)objects.Length, &count));
            }
            return (int)count;
        }

        /// <summary>The first object that a ray enters; false if there is none.</summary>
        public bool Ray(XrWorkspace work, XrRay ray, float reach, out XrRayHit hit, XrClassFilter filter = null)
        {
            XrRayHit found = default(XrRayHit);
            int status;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            {
                some.classes = classes;
                status = XrmeshException.Check(Native.xrmesh_snapshot_ray(handle, work.Handle, &ray, reach, &some, &found));
            }
            hit = found;
            return status != Native.XRMESH_NONE;
        }

        /// <summary>The objects that a ray enters, the first first.</summary>
        public int RayAll(XrWorkspace work, XrRay ray, float reach, XrRayHit[] hits, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (XrRayHit* first = hits)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_ray_all(
                    handle, work.Handle, &ray, reach, &some, first, (uint)hits.Length, &count));
            }
            return (int)count;
        }

        public int ByClass(XrWorkspace work, ulong[] objects, XrClassFilter filter = null)
        {
            uint count;
            XrFilter some = XrClassFilter.Of(filter);
            fixed (uint* classes = XrClassFilter.ClassesOf(filter))
            fixed (ulong* first = objects)
            {
                some.classes = classes;
                XrmeshException.Check(Native.xrmesh_snapshot_by_class(
                    handle, work.Handle, &some, first, (uint)objects.Length, &count));
            }
            return (int)count;
        }

        /// <summary>
        /// The nearest of each of the first count points, at most limit: ranges says where in found each one's lie. They
        /// must fit.
        /// </summary>
        public int NearestEach(XrWorkspace work, XrPoint[] points, XrRange[] ranges, int count, int limit, XrFound[] found)
        {
            if (count < 0 || count > points.Length || count > ranges.Length) throw new ArgumentOutOfRangeException("count");
            uint answers;
            fixed (XrPoint* first = points)
            fixed (XrRange* places = ranges)
            fixed (XrFound* room = found)
                XrmeshException.Check(Native.xrmesh_snapshot_nearest_each(handle, work.Handle, first, places, (uint)count,
                    checked((uint)limit), null, room, (uint)found.Length, &answers));
            return (int)answers;
        }

        /// <summary>One hit for each of the first count rays; an object of 0 where there is none.</summary>
        public void RayEach(XrWorkspace work, XrRay[] rays, XrRayHit[] hits, int count, float reach)
        {
            if (count < 0 || count > rays.Length || count > hits.Length) throw new ArgumentOutOfRangeException("count");
            fixed (XrRay* first = rays)
            fixed (XrRayHit* room = hits)
                XrmeshException.Check(Native.xrmesh_snapshot_ray_each(
                    handle, work.Handle, first, room, (uint)count, reach, null));
        }

        // Objects

        /// <summary>An object; its attributes and its name go to content, if there is one. False if it is not there.</summary>
        public bool Object(ulong id, out XrObject found, byte[] content = null)
        {
            XrObject read = default(XrObject);
            int status;
            fixed (byte* bytes = content)
                status = Native.xrmesh_snapshot_object(
                    handle, id, &read, bytes, content == null ? 0 : (uint)content.Length);
            found = read;
            if (status == Native.XRMESH_ERROR_UNKNOWN_OBJECT) return false;
            XrmeshException.Check(status);
            return true;
        }

        /// <summary>Where the first count objects are in the world.</summary>
        public void WorldPoses(ulong[] ids, XrPose[] poses, int count)
        {
            if (count < 0 || count > ids.Length || count > poses.Length) throw new ArgumentOutOfRangeException("count");
            fixed (ulong* first = ids)
            fixed (XrPose* places = poses)
                XrmeshException.Check(Native.xrmesh_snapshot_world_poses(handle, first, places, (uint)count));
        }

        /// <summary>The anchor of a name; false if there is none.</summary>
        public bool FindAnchor(string name, out uint anchor)
        {
            byte[] bytes = XrLibrary.Bytes(name);
            uint found = 0;
            int status;
            fixed (byte* first = bytes)
                status = XrmeshException.Check(
                    Native.xrmesh_snapshot_find_anchor(handle, first, (uint)bytes.Length, &found));
            anchor = found;
            return status != Native.XRMESH_NONE;
        }

        public XrAnchor Anchor(uint id)
        {
            XrAnchor shown;
            XrmeshException.Check(Native.xrmesh_snapshot_anchor(handle, id, &shown, null, 0));
            return shown;
        }

        /// <summary>Writes a map of JSON to a file, while the memory goes on.</summary>
        public XrExported ExportMap(string path, long exportedAtNs)
        {
            byte[] bytes = XrLibrary.Bytes(path);
            XrExported done;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_snapshot_export(handle, first, (uint)bytes.Length, exportedAtNs, &done));
            return done;
        }

        /// <summary>Destroys it, if it holds one. The object can be used again.</summary>
        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_snapshot_destroy(handle);
            handle.bits = 0;
        }
    }

    /// <summary>Scratch memory of one thread's queries: made once, used every frame.</summary>
    public sealed unsafe class XrWorkspace : IDisposable
    {
        XrWorkspaceHandle handle;

        /// <summary>With room made ahead for so many answers.</summary>
        public XrWorkspace(int hits = 0)
        {
            XrLibrary.Prepare();
            XrWorkspaceHandle made;
            XrmeshException.Check(Native.xrmesh_workspace_create(checked((uint)hits), &made));
            handle = made;
        }

        public XrWorkspaceHandle Handle { get { return handle; } }

        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_workspace_destroy(handle);
            handle.bits = 0;
        }
    }

    /// <summary>Which objects a query takes, by class: made once, used every frame.</summary>
    public sealed class XrClassFilter
    {
        static readonly uint[] none = new uint[0];
        readonly uint[] classes;
        readonly uint mode;

        XrClassFilter(uint mode, uint[] classes)
        {
            this.mode = mode;
            this.classes = (uint[])classes.Clone();
        }

        /// <summary>Those of these classes.</summary>
        public static XrClassFilter Only(params uint[] classes)
        {
            return new XrClassFilter(Native.XRMESH_FILTER_ONLY, classes);
        }

        /// <summary>Those of all other classes.</summary>
        public static XrClassFilter Except(params uint[] classes)
        {
            return new XrClassFilter(Native.XRMESH_FILTER_EXCEPT, classes);
        }

        internal static uint[] ClassesOf(XrClassFilter filter) { return filter == null ? none : filter.classes; }

        internal static XrFilter Of(XrClassFilter filter)
        {
            XrFilter some = XrFilter.Default();
            if (filter == null) return some;
            some.mode = filter.mode;
            some.class_count = (uint)filter.classes.Length;
            return some;
        }
    }

    /// <summary>What changes in a memory, from one published state to the next.</summary>
    public sealed unsafe class XrSubscription : IDisposable
    {
        XrSubscriptionHandle handle;

        internal XrSubscription(XrSubscriptionHandle handle) { this.handle = handle; }

        public XrSubscriptionHandle Handle { get { return handle; } }

        /// <summary>Takes notices that wait, the oldest first, and gives how many; more may wait where all fitted.</summary>
        public int Poll(XrNotice[] notices)
        {
            uint count;
            fixed (XrNotice* first = notices)
                XrmeshException.Check(Native.xrmesh_subscription_poll(handle, first, (uint)notices.Length, &count));
            return (int)count;
        }

        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_subscription_destroy(handle);
            handle.bits = 0;
        }
    }
}
