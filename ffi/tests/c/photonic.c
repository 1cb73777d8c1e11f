/* Simulated photonic processors, alone and in agents' hands. */
#include "check.h"

static int close_to(double a, double b)
{
    return a - b < 1e-4 && b - a < 1e-4;
}

void test_photonic(void)
{
    static const double weights[] = {1.0, -1.0, 0.5, 2.0, /* the second, complex: */ 1, 0, 0, 1, 0, -1, 1, 0};
    xrmesh_processor_options options;
    xrmesh_processor processor, other;
    xrmesh_layer layer;
    xrmesh_energy energy;
    xrmesh_parts parts;
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    uint32_t inputs = 0, outputs = 0, number = 9;
    const float x[6] = {1, 2, 3, 4, 1, 2};
    float y[6], noisy[6], again[6];
    memset(&layer, 0, sizeof layer);
    layer.rows = layer.columns = 2;
    layer.activation = XRMESH_ACTIVATION_RELU;
    xrmesh_processor_options_default(&options);
    OK(xrmesh_processor_create(&options, &layer, 1, weights, 4, &processor));
    OK(xrmesh_processor_shape(processor, &inputs, &outputs));
    CHECK(inputs == 2 && outputs == 2);
    OK(xrmesh_processor_forward(processor, x, 6, 3, 0, y, 6));
    CHECK(close_to(y[0], 0) && close_to(y[1], 4.5) && close_to(y[2], 0) && close_to(y[3], 9.5));
    CHECK(y[4] == y[0] && y[5] == y[1]);
    GIVES(XRMESH_ERROR_SHAPE, xrmesh_processor_forward(processor, x, 5, 3, 0, y, 6));
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_processor_forward(processor, x, 6, 3, 0, y, 5));
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_processor_forward(processor, x, 6, 3, 0, NULL, 0));

    /* Noise follows from the seed and the shot. */
    options.flags = XRMESH_PROCESSOR_IMPERFECT;
    options.seed = 5;
    options.phase_sigma_rad = 0.05;
    options.quantisation = XRMESH_QUANTISATION_VOLTAGE;
    options.crosstalk = XRMESH_CROSSTALK_NEAREST;
    options.crosstalk_share = 0.01;
    OK(xrmesh_processor_create(&options, &layer, 1, weights, 4, &other));
    OK(xrmesh_processor_forward(other, x, 6, 3, 10, noisy, 6));
    CHECK(noisy[1] != y[1] && noisy[1] > 3.5f && noisy[1] < 5.5f && noisy[5] != noisy[1]);
    OK(xrmesh_processor_forward(other, x + 2, 4, 2, 11, again, 4));
    CHECK(memcmp(again, noisy + 2, 4 * sizeof *again) == 0);
    OK(xrmesh_processor_destroy(other));

    /* Complex weights; what no device can be. */
    xrmesh_processor_options_default(&options);
    options.flags = XRMESH_PROCESSOR_COMPLEX;
    layer.weights_offset = 4;
    layer.activation = XRMESH_ACTIVATION_POWER;
    OK(xrmesh_processor_create(&options, &layer, 1, weights, 12, &other));
    OK(xrmesh_processor_forward(other, x, 2, 1, 0, y, 2));
    CHECK(close_to(y[0], 1 + 4) && close_to(y[1], 4 + 1)); /* |1 + 2i|², |2 − i|² */
    OK(xrmesh_processor_destroy(other));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_processor_create(&options, &layer, 1, weights, 11, &other));
    layer.rows = 0;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_processor_create(&options, &layer, 1, weights, 12, &other));
    layer.rows = 2;
    layer.activation = 4;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_processor_create(&options, &layer, 1, weights, 12, &other));
    GIVES(XRMESH_ERROR_PHOTONIC, xrmesh_processor_create(&options, NULL, 0, NULL, 0, &other));
    options.layout = 3;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_processor_create(&options, &layer, 1, weights, 12, &other));

    xrmesh_energy_default(&energy);
    xrmesh_parts_default(&parts);
    OK(xrmesh_processor_energy(processor, 1e9, NULL, &energy));
    CHECK(energy.layers == 1 && energy.multiply_accumulates == 4 && energy.total_w > energy.laser_w);
    {
        const double usual = energy.laser_w;
        parts.wall_plug_efficiency /= 2;
        OK(xrmesh_processor_energy(processor, 1e9, &parts, &energy));
        CHECK(close_to(energy.laser_w / usual, 2));
    }
    GIVES(XRMESH_ERROR_PHOTONIC, xrmesh_processor_energy(processor, 0, NULL, &energy));

    /* An agent of the host thinks with it. */
    OK(xrmesh_mesh_add_processor(mesh, "relu", 4, processor, &number));
    CHECK(number == 0);
    GIVES(XRMESH_ERROR_NAME_TAKEN, xrmesh_mesh_add_processor(mesh, "relu", 4, processor, &number));
    OK(xrmesh_processor_destroy(processor));
    OK(xrmesh_mesh_infer(mesh, agent, 0, x, 2, 1000000000, 55));
    tick_ms(mesh, 0);
    tick_ms(mesh, 100);
    {
        xrmesh_message message;
        float answer[2];
        xrmesh_poll_result got;
        OK(xrmesh_mesh_poll(mesh, &message, 1, (uint8_t *)answer, sizeof answer, &got));
        CHECK(got.message_count == 1 && message.kind == XRMESH_KIND_INFERENCE && message.ask == 55);
        CHECK(close_to(answer[0], 0) && close_to(answer[1], 4.5));
    }
    OK(xrmesh_mesh_destroy(mesh));
}
