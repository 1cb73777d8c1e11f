using System;

namespace Xrmesh
{
    /// <summary>
    /// The objects of the world, found by where they are. One thread at a time changes it; snapshots are for any. It is
    /// destroyed by Dispose, or with its domain. After its first frames UpdatePoses, Observe and Publish allocate
    /// nothing; what fails throws an XrmeshException.
    /// </summary>
    public sealed unsafe class XrMemory : IDisposable
    {
        XrMemoryHandle handle;

        /// <summary>An empty one in RAM, for 100,000 objects.</summary>
        public XrMemory() : this(XrMemoryOptions.Default()) { }

        /// <summary>An empty one in RAM.</summary>
        public XrMemory(XrMemoryOptions options)
        {
            XrLibrary.Prepare();
            XrMemoryHandle made;
            XrmeshException.Check(Native.xrmesh_memory_create(&options, &made));
            handle = made;
        }

        XrMemory(XrMemoryHandle handle) { this.handle = handle; }

        /// <summary>The one that a folder holds, an empty one where it holds none.</summary>
        public static XrMemory Open(string folder) { return Open(folder, XrMemoryOptions.Default()); }

        public static XrMemory Open(string folder, XrMemoryOptions options)
        {
            XrLibrary.Prepare();
            byte[] bytes = XrLibrary.Bytes(folder);
            XrMemoryHandle made;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_memory_open(first, (uint)bytes.Length, &options, &made, null));
            return new XrMemory(made);
        }

        public XrMemoryHandle Handle { get { return handle; } }

        // Classes

        /// <summary>The class of a label, which gets the next number where it is new.</summary>
        public uint Class(string label)
        {
            byte[] bytes = XrLibrary.Bytes(label);
            uint found;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_memory_class(handle, first, (uint)bytes.Length, &found));
            return found;
        }

        /// <summary>How objects of a class are fused and aged: see XrClassOptions.Default.</summary>
        public void SetClassOptions(uint classId, XrClassOptions options)
        {
            XrmeshException.Check(Native.xrmesh_memory_set_class_options(handle, classId, &options));
        }

        // Objects

        /// <summary>Adds an object: see XrObject.Default.</summary>
        public ulong Insert(XrObject thing)
        {
            ulong id;
            XrmeshException.Check(Native.xrmesh_memory_insert(handle, &thing, &id, 1, null, 0, null));
            return id;
        }

        /// <summary>Adds the first count objects, all or none, and writes their ids; attributes lie in content.</summary>
        public void Insert(XrObject[] things, ulong[] ids, int count, byte[] content = null)
        {
            Within(count, things.Length, ids.Length);
            fixed (XrObject* first = things)
            fixed (ulong* names = ids)
            fixed (byte* bytes = content)
                XrmeshException.Check(Native.xrmesh_memory_insert(handle, first, names, (uint)count, bytes, Length(content), null));
        }

        public void Replace(ulong id, XrObject thing)
        {
            XrmeshException.Check(Native.xrmesh_memory_replace(handle, id, &thing, null, 0));
        }

        public void Remove(ulong id) { XrmeshException.Check(Native.xrmesh_memory_remove(handle, id)); }

        /// <summary>Removes one that was found to be the same as another, which its id finds from now on.</summary>
        public void Merge(ulong id, ulong into) { XrmeshException.Check(Native.xrmesh_memory_merge(handle, id, into)); }

        /// <summary>Hangs an object on an anchor.</summary>
        public void Hang(ulong id, uint anchor, XrPose pose)
        {
            XrmeshException.Check(Native.xrmesh_memory_hang(handle, id, anchor, &pose));
        }

        /// <summary>XRMESH_ATTRIBUTES_*, and their content.</summary>
        public void SetAttributes(ulong id, int kind, byte[] content)
        {
            fixed (byte* bytes = content)
                XrmeshException.Check(Native.xrmesh_memory_set_attributes(handle, id, (uint)kind, bytes, Length(content)));
        }

        /// <summary>Moves the first count objects: a frame's worth in one call.</summary>
        public void UpdatePoses(ulong[] ids, XrPose[] poses, int count)
        {
            Within(count, ids.Length, poses.Length);
            fixed (ulong* names = ids)
            fixed (XrPose* places = poses)
                XrmeshException.Check(Native.xrmesh_memory_update_poses(handle, names, places, (uint)count));
        }

        /// <summary>An object as it is, published or not; its attributes and its name go to content, if there is one.</summary>
        public XrObject Object(ulong id, byte[] content = null)
        {
            XrObject found;
            fixed (byte* bytes = content)
                XrmeshException.Check(Native.xrmesh_memory_object(handle, id, &found, bytes, Length(content)));
            return found;
        }

        /// <summary>Takes in the first count observations, and says what became of each.</summary>
        public void Observe(XrObservation[] observations, XrFused[] fused, int count, long nowNs, byte[] content = null)
        {
            Within(count, observations.Length, fused.Length);
            fixed (XrObservation* seen = observations)
            fixed (XrFused* told = fused)
            fixed (byte* bytes = content)
                XrmeshException.Check(Native.xrmesh_memory_observe(
                    handle, seen, told, (uint)count, bytes, Length(content), nowNs));
        }

        /// <summary>Ages what lies in sight of an eye and was not seen. Where objects hide each other if occlusion.</summary>
        public XrAged Age(XrFloat3 eye, XrRegion sight, bool occlusion, long nowNs)
        {
            XrObserver observer = default(XrObserver);
            observer.eye = eye;
            observer.occlusion = occlusion ? 1u : 0u;
            observer.sight = &sight;
            XrAged aged;
            XrmeshException.Check(Native.xrmesh_memory_age(handle, &observer, 1, nowNs, &aged));
            return aged;
        }

        // Anchors

        /// <summary>Adds an anchor; its name may be empty.</summary>
        public uint AddAnchor(string name, XrPose pose, uint parent = Native.XRMESH_ANCHOR_WORLD)
        {
            byte[] bytes = XrLibrary.Bytes(name);
            uint anchor;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_memory_add_anchor(
                    handle, first, (uint)bytes.Length, parent, &pose, &anchor));
            return anchor;
        }

        /// <summary>Corrects where an anchor is, with all that hangs on it.</summary>
        public void CorrectAnchor(uint anchor, XrPose pose)
        {
            XrmeshException.Check(Native.xrmesh_memory_correct_anchor(handle, anchor, &pose));
        }

        public void RehangAnchor(uint anchor, uint parent, XrPose pose)
        {
            XrmeshException.Check(Native.xrmesh_memory_rehang_anchor(handle, anchor, parent, &pose));
        }

        public void RemoveAnchor(uint anchor) { XrmeshException.Check(Native.xrmesh_memory_remove_anchor(handle, anchor)); }

        // Frames

        /// <summary>Ends a frame: new snapshots see what has changed. A mesh that has the memory does this itself.</summary>
        public XrPublished Publish(long nowNs)
        {
            XrPublished published;
            XrmeshException.Check(Native.xrmesh_memory_publish(handle, nowNs, &published));
            return published;
        }

        /// <summary>The latest published state. On any thread.</summary>
        public XrSnapshot Snapshot()
        {
            XrSnapshot snapshot = new XrSnapshot();
            Snapshot(snapshot);
            return snapshot;
        }

        /// <summary>The same into an object that is used every frame; what it held before is destroyed.</summary>
        public void Snapshot(XrSnapshot into)
        {
            XrSnapshotHandle taken;
            XrmeshException.Check(Native.xrmesh_memory_snapshot(handle, &taken));
            into.Become(taken);
        }

        /// <summary>As readers saw it at that time.</summary>
        public XrSnapshot AsOf(long timeNs)
        {
            XrSnapshotHandle taken;
            XrmeshException.Check(Native.xrmesh_memory_as_of(handle, timeNs, &taken));
            XrSnapshot snapshot = new XrSnapshot();
            snapshot.Become(taken);
            return snapshot;
        }

        /// <summary>Follows what changes, everywhere.</summary>
        public XrSubscription Subscribe(int queue) { return Subscribe(queue, null); }

        /// <summary>Follows what changes in a region.</summary>
        public XrSubscription Subscribe(int queue, XrRegion region) { return Subscribe(queue, &region); }

        XrSubscription Subscribe(int queue, XrRegion* region)
        {
            XrSubscriptionHandle made;
            XrmeshException.Check(Native.xrmesh_memory_subscribe(handle, region, null, checked((uint)queue), &made));
            return new XrSubscription(made);
        }

        // Stores and maps

        /// <summary>Writes and syncs everything; the last change that is certain. Blocks for the disk.</summary>
        public ulong Flush()
        {
            ulong certain;
            XrmeshException.Check(Native.xrmesh_memory_flush(handle, &certain));
            return certain;
        }

        /// <summary>The same for published states, from any thread.</summary>
        public ulong FlushBehind()
        {
            ulong certain = 0;
            XrmeshException.Check(Native.xrmesh_memory_flush_behind(handle, &certain));
            return certain;
        }

        public XrExported ExportMap(string path, long exportedAtNs)
        {
            byte[] bytes = XrLibrary.Bytes(path);
            XrExported done;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_memory_export(handle, first, (uint)bytes.Length, exportedAtNs, &done));
            return done;
        }

        public XrImported ImportMap(string path, long seenAtNs)
        {
            byte[] bytes = XrLibrary.Bytes(path);
            XrImported done;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_memory_import(handle, first, (uint)bytes.Length, seenAtNs, &done));
            return done;
        }

        public XrImported ImportMap(byte[] json, long seenAtNs)
        {
            XrImported done;
            fixed (byte* first = json)
                XrmeshException.Check(Native.xrmesh_memory_import_bytes(handle, first, Length(json), seenAtNs, &done));
            return done;
        }

        public XrMemoryStats Stats
        {
            get
            {
                XrMemoryStats stats = XrMemoryStats.Default();
                XrmeshException.Check(Native.xrmesh_memory_counters(handle, &stats));
                return stats;
            }
        }

        public ulong StateHash
        {
            get
            {
                ulong hash;
                XrmeshException.Check(Native.xrmesh_memory_state_hash(handle, &hash));
                return hash;
            }
        }

        // Its end

        /// <summary>Writes everything, ends the store and destroys the memory; the last change that is certain.</summary>
        public ulong Close()
        {
            ulong certain;
            XrmeshException.Check(Native.xrmesh_memory_close(handle, &certain));
            handle.bits = 0;
            return certain;
        }

        /// <summary>Destroys it, if it is there still. Snapshots stay.</summary>
        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_memory_destroy(handle);
            handle.bits = 0;
        }

        static void Within(int count, int first, int second)
        {
            if (count < 0 || count > first || count > second) throw new ArgumentOutOfRangeException("count");
        }

        static uint Length(byte[] bytes) { return bytes == null ? 0 : (uint)bytes.Length; }
    }
}
