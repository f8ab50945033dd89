#include "mappers/eps/status_update/format_1.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/json/reader.h"
#include "fhir/tree/builder.h"
#include "mappers/eps/status_update/status_update.h"

namespace concord::eps {
namespace {

using tree::Kind;
using tree::Node;

enum class Delivery { collection, dispatch };

/// What an item's status means. `collection` and `dispatch`: by the way of delivery.
struct Meaning {
  std::string_view status;
  bool completed;
  std::string_view collection, dispatch;
};

constexpr std::array kMeanings{
    Meaning{"Pending", false, "With Pharmacy", "With Pharmacy"},
    Meaning{"Owed", false, "With Pharmacy", "With Pharmacy"},
    Meaning{"PartOwed", false, "With Pharmacy - Preparing Remainder",
            "With Pharmacy - Preparing Remainder"},
    Meaning{"NotDispensed", true, "Not Dispensed", "Not Dispensed"},
    Meaning{"Cancelled", true, "Not Dispensed", "Not Dispensed"},
    Meaning{"Expired", true, "Not Dispensed", "Not Dispensed"},
    Meaning{"ReadyForCollection", false, "Ready to Collect", "Ready to Dispatch"},
    Meaning{"DispensingComplete", true, "Collected", "Dispatched"},
    Meaning{"Collected", true, "Collected", "Dispatched"},
};

struct Way {
  std::string_view name;
  Delivery delivery;
};
constexpr std::array kWays{
    Way{"Not known", Delivery::collection},
    Way{"In-Store Collection", Delivery::collection},
    Way{"Robot Collection", Delivery::dispatch},
    Way{"Delivery required", Delivery::dispatch},
};

const Node* child(const tree::Document& document, const Node& node, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

std::string_view text(const tree::Document& document, const Node& node, std::string_view name) {
  const Node* found = child(document, node, name);
  return found == nullptr ? std::string_view() : found->text();
}

Error refuse(std::string text, std::string expression) {
  Error error = make_error(ErrorCode::invalid, std::move(text), std::move(expression));
  error.issues.front().code = "value";
  error.issues.front().wording = Wording::diagnostics;
  return error;
}

/// "2024-04-12 11:36:47", UTC, as an instant's text.
Result<std::string> instant_of(std::string_view date) {
  std::string text(date);
  if (text.size() == 19 && text[10] == ' ') text[10] = 'T';
  text += 'Z';
  if (const auto at = parse_instant(text); at) return format_instant(*at);
  return refuse("messageDate is no date and time", "messageDate");
}

/// A version 4 UUID made of the MD5 of what is written.
std::string uuid_of(std::string_view details) {
  auto bytes = md5(details);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string made;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (at == 4 || at == 6 || at == 8 || at == 10) made += '-';
    made += kHex[bytes[at] >> 4];
    made += kHex[bytes[at] & 15];
  }
  return made;
}

/// Builds the Bundle. Every add is bounded by the document's node budget; `full` says it was spent.
class BundleMaker {
 public:
  BundleMaker(const tree::Symbols& symbols, const tree::Limits& limits)
      : made_(symbols, limits), builder_(made_) {
    builder_.set_type(builder_.root(), builder_.symbol("Bundle"));
    builder_.set_flag(builder_.root(), tree::Flag::resource);
    value(builder_.root(), "type", "transaction");
  }

  Node& root() { return builder_.root(); }
  Node& element(Node& parent, std::string_view name, bool repeats = false) {
    Node* node = builder_.append(parent, builder_.symbol(name));
    if (node == nullptr) {
      full_ = true;
      return parent;
    }
    if (repeats) builder_.set_flag(*node, tree::Flag::in_array);
    return *node;
  }
  void value(Node& parent, std::string_view name, std::string_view text, Kind kind = Kind::string) {
    if (text.empty()) return;
    Node* node = builder_.append(parent, builder_.symbol(name), kind);
    if (node == nullptr) {
      full_ = true;
    } else {
      builder_.set_copy(*node, text);
    }
  }
  Node& resource(Node& parent, std::string_view name, std::string_view type) {
    Node& node = element(parent, name);
    builder_.set_type(node, builder_.symbol(type));
    builder_.set_flag(node, tree::Flag::resource);
    return node;
  }
  void identifier(Node& parent, std::string_view system, std::string_view text) {
    if (text.empty()) return;
    Node& node = element(parent, "identifier");
    value(node, "system", system);
    value(node, "value", text);
  }

  Result<tree::Document> finish() {
    if (full_) return make_error(ErrorCode::too_long, "more items than a message may have");
    return std::move(made_);
  }

 private:
  tree::Document made_;
  tree::Builder builder_;
  bool full_ = false;
};

/// What all items share.
struct Head {
  std::string_view prescription, patient, pharmacy, repeat;
  std::string modified;
  Delivery delivery = Delivery::collection;
};

Result<Head> read_head(const tree::Document& read) {
  const Node& root = read.root();
  Head head;
  head.prescription = text(read, root, "prescriptionUUID");
  head.patient = text(read, root, "nHSCHI");
  head.pharmacy = text(read, root, "oDSCode");
  head.repeat = text(read, root, "repeatNo");
  CONCORD_ASSIGN(head.modified, instant_of(text(read, root, "messageDate")));
  const std::string_view wanted = text(read, root, "deliveryType");
  for (const Way& way : kWays) {
    if (way.name != wanted) continue;
    head.delivery = way.delivery;
    return head;
  }
  return refuse(
      "deliveryType must be one of: Not known, In-Store Collection, Robot Collection, Delivery "
      "required",
      "deliveryType");
}

/// Whether an item's dispensing ended without anything to say.
bool needs_no_task(std::string_view status, std::string_view completed) {
  return status == "DispensingComplete" &&
         (completed == "Expired" || completed == "NotDispensed" || completed == "Cancelled");
}

void add_task(BundleMaker& bundle, const Head& head, std::string_view item, const Meaning& meaning,
              const std::string& id) {
  Node& entry = bundle.element(bundle.root(), "entry", true);
  bundle.value(entry, "fullUrl", "urn:uuid:" + id);
  Node& task = bundle.resource(entry, "resource", "Task");
  bundle.value(task, "id", id);
  bundle.identifier(bundle.element(task, "basedOn", true),
                    "https://fhir.nhs.uk/Id/prescription-order-number", head.prescription);
  bundle.value(task, "status", meaning.completed ? "completed" : "in-progress");
  Node& coding = bundle.element(bundle.element(task, "businessStatus"), "coding", true);
  bundle.value(coding, "system", "https://fhir.nhs.uk/CodeSystem/task-businessStatus-nppt");
  bundle.value(coding, "code",
               head.delivery == Delivery::collection ? meaning.collection : meaning.dispatch);
  bundle.value(task, "intent", "order");
  bundle.identifier(bundle.element(task, "focus"),
                    "https://fhir.nhs.uk/Id/prescription-order-item-number", item);
  bundle.identifier(bundle.element(task, "for"), "https://fhir.nhs.uk/Id/nhs-number", head.patient);
  bundle.value(task, "lastModified", head.modified);
  bundle.identifier(bundle.element(task, "owner"), "https://fhir.nhs.uk/Id/ods-organization-code",
                    head.pharmacy);
  if (!head.repeat.empty() && head.repeat != "0") {
    Node& input = bundle.element(task, "input", true);
    bundle.value(bundle.element(input, "type"), "text", "Repeat Number");
    bundle.value(input, "valueInteger", head.repeat, Kind::number);
  }
  Node& request = bundle.element(entry, "request");
  bundle.value(request, "method", "POST");
  bundle.value(request, "url", "Task");
}

}  // namespace

Result<tree::Document> read_format_1(std::string json, const tree::Symbols& symbols,
                                     const tree::Limits& limits) {
  CONCORD_ASSIGN(const tree::Document read, json::read_plain(std::move(json), symbols, limits));
  CONCORD_ASSIGN(const Head head, read_head(read));
  BundleMaker bundle(symbols, limits);
  std::map<std::string, int> seen;  // equal details: each further one counts
  std::size_t items = 0;
  for (const Node* item = child(read, read.root(), "items"); item != nullptr;
       item = item->next_same(), ++items) {
    if (items == kMostStatusEntries) {
      return make_error(ErrorCode::too_long, "more items than one message may have", "items");
    }
    const std::string_view status = text(read, *item, "status");
    if (needs_no_task(status, text(read, *item, "completedStatus"))) continue;
    const auto meaning = std::find_if(kMeanings.begin(), kMeanings.end(),
                                      [&](const Meaning& one) { return one.status == status; });
    if (meaning == kMeanings.end()) {
      return refuse("the item's status is none of format 1",
                    "items[" + std::to_string(items) + "].status");
    }
    const std::string_view id = text(read, *item, "itemID");
    std::string details = std::string(head.prescription) + '|' + std::string(id) + '|' +
                          std::string(status) + '|' + head.modified;
    const int again = seen[details]++;
    if (again > 0) details += '|' + std::to_string(again);
    add_task(bundle, head, id, *meaning, uuid_of(details));
  }
  if (items == 0) return refuse("the message has no items", "items");
  return bundle.finish();
}

}  // namespace concord::eps
