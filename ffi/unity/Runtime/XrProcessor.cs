using System;

namespace Xrmesh
{
    /// <summary>A simulated photonic processor. One thread at a time.</summary>
    public sealed unsafe class XrProcessor : IDisposable
    {
        XrProcessorHandle handle;
        readonly uint inputs, outputs;

        /// <summary>Ideal hardware: see the other constructor.</summary>
        public XrProcessor(XrLayer[] layers, double[] weights) : this(layers, weights, XrProcessorOptions.Default()) { }

        /// <summary>
        /// Makes one of layers, whose weights lie in one array, row by row, each layer's from its weights_offset on.
        /// </summary>
        public XrProcessor(XrLayer[] layers, double[] weights, XrProcessorOptions options)
        {
            XrLibrary.Prepare();
            XrProcessorHandle made;
            fixed (XrLayer* first = layers)
            fixed (double* numbers = weights)
                XrmeshException.Check(Native.xrmesh_processor_create(
                    &options, first, (uint)layers.Length, numbers, (uint)weights.Length, &made));
            handle = made;
            uint takes, gives;
            XrmeshException.Check(Native.xrmesh_processor_shape(handle, &takes, &gives));
            inputs = takes;
            outputs = gives;
        }

        public XrProcessorHandle Handle { get { return handle; } }

        /// <summary>The values that it takes.</summary>
        public int Inputs { get { return (int)inputs; } }

        /// <summary>The values that it gives.</summary>
        public int Outputs { get { return (int)outputs; } }

        /// <summary>
        /// Runs vectors through it, one after the other in both arrays, as shots from firstShot on: the same shot has the
        /// same noise.
        /// </summary>
        public void Forward(float[] values, int vectors, float[] outputs, ulong firstShot = 0)
        {
            fixed (float* from = values)
            fixed (float* to = outputs)
                XrmeshException.Check(Native.xrmesh_processor_forward(handle, from, (uint)values.Length,
                    checked((uint)vectors), firstShot, to, (uint)outputs.Length));
        }

        /// <summary>An estimate of what the simulated device would take, at so many vectors a second.</summary>
        public XrEnergy Energy(double rateHz)
        {
            XrEnergy energy = XrEnergy.Default();
            XrmeshException.Check(Native.xrmesh_processor_energy(handle, rateHz, null, &energy));
            return energy;
        }

        /// <summary>Destroys it. Meshes that it was added to keep theirs.</summary>
        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_processor_destroy(handle);
            handle.bits = 0;
        }
    }
}
