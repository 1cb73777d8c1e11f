using System;

namespace Xrmesh
{
    /// <summary>
    /// Counts of values, such as the nanoseconds of frames, from which quantiles can be had: off by less than 1 %. One
    /// thread at a time. No call here but the constructor allocates.
    /// </summary>
    public sealed unsafe class XrHistogram : IDisposable
    {
        XrHistogramHandle handle;

        public XrHistogram()
        {
            XrLibrary.Prepare();
            XrHistogramHandle made;
            XrmeshException.Check(Native.xrmesh_histogram_create(&made));
            handle = made;
        }

        public XrHistogramHandle Handle { get { return handle; } }

        /// <summary>Counts a value so many times.</summary>
        public void Record(ulong value, ulong times = 1)
        {
            XrmeshException.Check(Native.xrmesh_histogram_record(handle, value, times));
        }

        /// <summary>The value at a fraction: 0 is the least, 0.5 the median, 1 the greatest. False if nothing was counted.</summary>
        public bool Quantile(double fraction, out ulong value)
        {
            ulong found = 0;
            int status = XrmeshException.Check(Native.xrmesh_histogram_quantile(handle, fraction, &found, null));
            value = found;
            return status != Native.XRMESH_NONE;
        }

        /// <summary>How many values were counted.</summary>
        public ulong Count
        {
            get
            {
                ulong ignored, count = 0;
                XrmeshException.Check(Native.xrmesh_histogram_quantile(handle, 0, &ignored, &count));
                return count;
            }
        }

        /// <summary>Adds what another counted.</summary>
        public void Merge(XrHistogram other)
        {
            if (other == null) throw new ArgumentNullException("other");
            XrmeshException.Check(Native.xrmesh_histogram_merge(handle, other.handle));
        }

        public void Clear() { XrmeshException.Check(Native.xrmesh_histogram_clear(handle)); }

        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_histogram_destroy(handle);
            handle.bits = 0;
        }
    }
}
