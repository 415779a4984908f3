// Reads a network description from JavaScript.
#include "native/addon/layer_network.h"

namespace synfire::addon {
namespace {

using namespace synfire::layers;

constexpr IntegerRange kCount{0, INT32_MAX};

float Float(const Options& options, const char* name) {
  return static_cast<float>(options.Number(name));
}
int Int(const Options& options, const char* name) {
  return static_cast<int>(options.Integer(name, kCount));
}

EncoderSpec ParseEncoder(const Options& options) {
  EncoderSpec encoder;
  encoder.kind = options.OneOf<EncoderKind>("kind", {{"hybrid", EncoderKind::kHybrid},
                                                     {"rate", EncoderKind::kRate},
                                                     {"latency", EncoderKind::kLatency},
                                                     {"direct", EncoderKind::kDirect}});
  encoder.deterministic_steps = Int(options, "deterministicSteps");
  encoder.gain = Float(options, "gain");
  return encoder;
}

NeuronConstants ParseNeuron(const Options& options) {
  const auto kind = options.OneOf<NeuronKind>(
      "kind",
      {{"lif", NeuronKind::kLif}, {"if", NeuronKind::kIntegrateAndFire}, {"leaky", NeuronKind::kLeaky}});
  NeuronConstants neuron;
  neuron.spiking = kind != NeuronKind::kLeaky;
  neuron.decay = kind == NeuronKind::kIntegrateAndFire ? 1.0f : Float(options, "decay");
  neuron.threshold = Float(options, "threshold");
  neuron.reset = options.OneOf<ResetKind>("reset", {{"zero", ResetKind::kZero},
                                                    {"value", ResetKind::kValue},
                                                    {"subtract", ResetKind::kSubtract},
                                                    {"scale", ResetKind::kScale}});
  neuron.reset_value = Float(options, "resetValue");
  return neuron;
}

void ParsePair(const Options& options, const char* name, int* y, int* x) {
  const auto pair = options.Integers<2>(name, kCount);
  *y = static_cast<int>(pair[0]);
  *x = static_cast<int>(pair[1]);
}

LayerSpec ParseLayer(const Options& options, size_t index) {
  LayerSpec layer;
  layer.name = options.String("name", "layers." + std::to_string(index));
  layer.kind = options.OneOf<LayerKind>("kind", {{"conv2d", LayerKind::kConv2d},
                                                 {"dense", LayerKind::kDense},
                                                 {"avgPool2d", LayerKind::kAvgPool2d},
                                                 {"maxPool2d", LayerKind::kMaxPool2d},
                                                 {"sumPool2d", LayerKind::kSumPool2d},
                                                 {"dropout", LayerKind::kDropout},
                                                 {"flatten", LayerKind::kFlatten}});
  layer.filters = Int(options, "filters");
  ParsePair(options, "kernel", &layer.kernel_height, &layer.kernel_width);
  ParsePair(options, "stride", &layer.stride_y, &layer.stride_x);
  ParsePair(options, "padding", &layer.padding_y, &layer.padding_x);
  layer.units = Int(options, "units");
  layer.dropout_rate = Float(options, "rate");
  layer.bias = options.Boolean("bias");
  layer.train_weight = options.Boolean("trainWeight");
  layer.train_bias = options.Boolean("trainBias");
  layer.learning_rate_scale = Float(options, "learningRateScale");
  layer.init_std = Float(options, "initStd");
  if (options.Has("neuron")) layer.neuron = ParseNeuron(options.Child("neuron"));
  layer.update_every = Int(options, "updateEvery");
  layer.input = options.OneOf<InputMode>("input", {{"latest", InputMode::kLatest},
                                                   {"window", InputMode::kWindow},
                                                   {"cumulative", InputMode::kCumulative}});
  layer.input_gain = Float(options, "inputGain");
  return layer;
}

LossSpec ParseLoss(const Options& options) {
  LossSpec loss;
  loss.kind = options.OneOf<LossKind>(
      "kind", {{"crossEntropy", LossKind::kCrossEntropy}, {"mseCount", LossKind::kMseCount}});
  loss.label_smoothing = Float(options, "labelSmoothing");
  loss.mean = options.OneOf<bool>("reduction", {{"mean", true}, {"sum", false}});
  loss.target_correct = Float(options, "targetCorrect");
  loss.target_incorrect = Float(options, "targetIncorrect");
  return loss;
}

LearningSpec ParseLearning(const Options& options) {
  LearningSpec learning;
  learning.mode =
      options.OneOf<LearningMode>("mode", {{"bptt", LearningMode::kBptt}, {"rate", LearningMode::kRate}});
  const Options surrogate = options.Child("surrogate");
  learning.surrogate.kind =
      surrogate.OneOf<SurrogateKind>("kind", {{"fastSigmoid", SurrogateKind::kFastSigmoid},
                                              {"atan", SurrogateKind::kAtan},
                                              {"triangle", SurrogateKind::kTriangle},
                                              {"rectangle", SurrogateKind::kRectangle},
                                              {"sigmoid", SurrogateKind::kSigmoid}});
  learning.surrogate.slope = Float(surrogate, "slope");
  learning.detach_reset = options.Boolean("detachReset");
  learning.rate_derivative =
      options.OneOf<RateDerivative>("rateDerivative", {{"surrogate", RateDerivative::kSurrogate},
                                                       {"active", RateDerivative::kActive},
                                                       {"identity", RateDerivative::kIdentity}});
  learning.rate_presynaptic = options.OneOf<RatePresynaptic>(
      "ratePresynaptic", {{"drive", RatePresynaptic::kDrive}, {"rate", RatePresynaptic::kRate}});
  return learning;
}

}  // namespace

NetworkSpec ParseNetworkSpec(Napi::Value value) {
  const Options options(value);
  NetworkSpec spec;
  const auto shape = options.Integers<3>("inputShape", kCount);
  spec.input = {static_cast<int>(shape[0]), static_cast<int>(shape[1]), static_cast<int>(shape[2])};
  spec.timesteps = Int(options, "timesteps");
  spec.seed = options.Seed("seed");
  spec.precision =
      options.OneOf<Precision>("precision", {{"float32", Precision::kFloat32}, {"mixed", Precision::kMixed}});
  spec.encoder = ParseEncoder(options.Child("encoder"));
  for (const Options& layer : options.Children("layers"))
    spec.layers.push_back(ParseLayer(layer, spec.layers.size()));
  spec.readout = options.OneOf<layers::Readout>("readout", {{"meanCount", layers::Readout::kMeanCount},
                                                            {"lastMembrane", layers::Readout::kLastMembrane},
                                                            {"maxMembrane", layers::Readout::kMaxMembrane}});
  spec.loss = ParseLoss(options.Child("loss"));
  spec.learning = ParseLearning(options.Child("learning"));
  return spec;
}

}  // namespace synfire::addon
