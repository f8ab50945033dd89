#include "fhir/mapping/map_set.h"

#include <optional>

#include "fhir/definitions/definitions.h"
#include "fhir/mapping/compiler.h"
#include "fhir/mapping/execution.h"
#include "fhir/mapping/findings.h"

namespace concord::mapping {

MapSet::MapSet(std::unique_ptr<detail::Program> program) : program_(std::move(program)) {}
MapSet::MapSet(MapSet&&) noexcept = default;
MapSet& MapSet::operator=(MapSet&&) noexcept = default;
MapSet::~MapSet() = default;

Result<MapSet> MapSet::compile(std::span<const MapSource> sources,
                               const definitions::Definitions& definitions,
                               const CompileOptions& options) {
  Findings findings;
  auto program = detail::compile_program(sources, definitions, options, findings);
  std::vector<Finding> found = findings.sorted(program->files);
  if (findings.failed()) return to_error(found);
  program->warnings = std::move(found);
  detail::prepare(*program);
  std::vector<RuleRow> rows;
  rows.reserve(program->rules.size());
  for (const detail::RuleInfo& rule : program->rules) {
    rows.push_back({std::string(rule.map), std::string(rule.group), rule.name,
                    std::string(rule.file), rule.at});
  }
  program->table = std::make_shared<const RuleTable>(std::move(rows), sources);
  return MapSet(std::move(program));
}

std::vector<Finding> lint(std::span<const MapSource> sources,
                          const definitions::Definitions& definitions,
                          const CompileOptions& options) {
  Findings findings;
  const auto program = detail::compile_program(sources, definitions, options, findings);
  return findings.sorted(program->files);
}

const std::vector<Finding>& MapSet::warnings() const noexcept { return program_->warnings; }

const RuleTable& MapSet::rules() const noexcept { return *program_->table; }

std::shared_ptr<const RuleTable> MapSet::rule_table() const noexcept { return program_->table; }

std::vector<std::string_view> MapSet::maps() const {
  std::vector<std::string_view> urls;
  for (const detail::Unit& unit : program_->units) urls.emplace_back(unit.url);
  return urls;
}

Result<Entry> MapSet::entry(std::string_view map_url, std::string_view group) const {
  const detail::Unit* unit = nullptr;
  for (const detail::Unit& known : program_->units) {
    if (known.url == map_url) unit = &known;
  }
  if (unit == nullptr) return make_error(ErrorCode::not_found, "no map " + std::string(map_url));
  const detail::GroupRef* wanted = nullptr;
  for (const detail::GroupRef& known : unit->groups) {
    if (group.empty() || known.group->name.text == group) {
      wanted = &known;
      break;
    }
  }
  if (wanted == nullptr) {
    return make_error(ErrorCode::not_found,
                      "no group " + std::string(group) + " in the map " + std::string(map_url));
  }
  const auto no_start = [&](const char* why) {
    return make_error(ErrorCode::invalid,
                      "the group " + wanted->group->name.text + " is none to start with: " + why);
  };
  std::size_t targets = 0;
  for (const ast::Input& input : wanted->group->inputs) {
    if (targets != 0) return no_start("its target must be the last parameter");
    targets += input.target;
  }
  if (targets != 1) return no_start("it has no target");
  // The instance with exactly the declared types is always compiled.
  const detail::Instance* found = nullptr;
  for (const detail::Instance& instance : program_->instances) {
    if (instance.source.group == wanted->group && instance.declared) found = &instance;
  }
  if (found == nullptr) return no_start("a parameter has no type");
  Entry entry;
  entry.instance_ = found;
  return entry;
}

Result<RunReport> MapSet::run(const Entry& entry, std::span<const Input> inputs,
                              tree::Document& target, const RunOptions& options) const {
  if (!entry) return make_error(ErrorCode::not_found, "no group to start with");
  const detail::Instance& instance = *entry.instance_;
  if (inputs.size() + 1 != instance.shapes.size()) {
    return make_error(ErrorCode::invalid,
                      "the group takes " + std::to_string(instance.shapes.size() - 1) + " sources");
  }
  std::vector<path::Collection> arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].document == nullptr) return make_error(ErrorCode::invalid, "a source is absent");
    const tree::Node& node =
        inputs[i].node != nullptr ? *inputs[i].node : inputs[i].document->root();
    const definitions::Type* type = program_->home(*instance.shapes[i].type).type(node.type());
    if (type == nullptr || !type->is(*instance.shapes[i].type)) {
      return make_error(ErrorCode::invalid,
                        "the map starts from a " + std::string(instance.shapes[i].type->label()),
                        inputs[i].document->path(node), inputs[i].document->position(node));
    }
    arguments.push_back(path::Collection::of(*inputs[i].document, node));
  }
  std::optional<path::EvalContext> own;
  path::EvalContext& context = options.context != nullptr ? *options.context : own.emplace();
  context.reset();
  context.now = options.now;
  if (options.trace != nullptr) options.trace->started(*this, entry);
  detail::Execution execution(*program_, target, options, context);
  context.reads = execution.reads_of_expressions();
  const definitions::Type& type = *instance.shapes.back().type;
  tree::Builder builder(target);
  if (is_model(type)) {
    builder.set_name(builder.root(), program_->definitions->symbols().find(type.label()));
    builder.set_namespace(builder.root(), type.xml_namespace());
  }
  if (!execution.dress(builder.root(), type, instance.root_template)) {
    return execution.take_error();
  }
  arguments.push_back(path::Collection::of(target, target.root()));
  const bool done = execution.start(instance, arguments);
  if (done) execution.finish();
  context.reads = options.reads;
  if (options.trace != nullptr) options.trace->finished();
  if (!done) return execution.take_error();
  return execution.report();
}

}  // namespace concord::mapping
