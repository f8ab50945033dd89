#include "fhir/validate/questionnaire/answers.h"

#include <algorithm>
#include <charconv>

#include "fhir/core/decimal.h"
#include "fhir/core/digest.h"
#include "fhir/path/units.h"
#include "fhir/validate/bundle_index.h"
#include "fhir/validate/questionnaire/comparing.h"

namespace concord::validate::questionnaire {

namespace {

using tree::Node;

constexpr std::string_view kUcum = "http://unitsofmeasure.org";
constexpr std::string_view kMinValue = "http://hl7.org/fhir/StructureDefinition/minValue";
constexpr std::string_view kMaxValue = "http://hl7.org/fhir/StructureDefinition/maxValue";
constexpr std::string_view kMaxDecimals =
    "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces";
constexpr std::string_view kMinLength = "http://hl7.org/fhir/StructureDefinition/minLength";
constexpr std::string_view kRegex = "http://hl7.org/fhir/StructureDefinition/regex";
constexpr std::string_view kEntryFormat = "http://hl7.org/fhir/StructureDefinition/entryFormat";
constexpr std::string_view kMimeType = "http://hl7.org/fhir/StructureDefinition/mimeType";
constexpr std::string_view kMaxSize = "http://hl7.org/fhir/StructureDefinition/maxSize";
constexpr std::string_view kResource =
    "http://hl7.org/fhir/StructureDefinition/questionnaire-referenceResource";
constexpr std::string_view kMinQuantity =
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity";
constexpr std::string_view kMaxQuantity =
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity";
constexpr std::string_view kUnitOption =
    "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption";
constexpr std::string_view kUnitSet =
    "http://hl7.org/fhir/StructureDefinition/questionnaire-unitValueSet";

/// Characters, as UTF-16 counts them.
std::int64_t length_of(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    count += (byte & 0xC0u) != 0x80u;
    count += byte >= 0xF0u;
  }
  return count;
}

/// What stands before the id in a reference: "Patient" in "http://a/Patient/1".
std::string_view type_of_reference(std::string_view reference) {
  const std::size_t id = reference.rfind('/');
  if (id == std::string_view::npos) return {};
  const std::size_t type = id == 0 ? std::string_view::npos : reference.rfind('/', id - 1);
  return reference.substr(type + 1, id - type - 1);  // npos + 1 is 0
}

}  // namespace

void Answers::error(std::string_view id, const Node& node, std::string text) {
  context_.error(id, "invariant", node, std::move(text));
}

bool Answers::has_options(const Item& item) const {
  return item.node->child(names_.answer_option) != nullptr;
}

void Answers::check(const Item& item, const Node& answer, std::size_t count) {
  const Node* value = value_child(context_.document(), answer);
  if (value == nullptr) return;
  switch (item.type) {
    case ItemType::boolean:
      has_type(*value, {"boolean"});
      return;
    case ItemType::decimal:
      if (!has_type(*value, {"decimal"})) return;
      check_bounds(item, *value, "DECIMAL");
      check_decimal_places(item, *value, value->text());
      if (has_options(item)) check_options(item, *value, *value, "decimal", false);
      return;
    case ItemType::integer:
      if (!has_type(*value, {"integer"})) return;
      check_bounds(item, *value, "INTEGER");
      if (has_options(item)) check_options(item, *value, *value, "integer", false);
      return;
    case ItemType::date:
    case ItemType::date_time:
      has_type(*value, {item.type == ItemType::date ? "date" : "dateTime"});
      check_bounds(item, *value, "DATE");
      if (has_options(item)) check_options(item, *value, *value, "date", false);
      return;
    case ItemType::time:
      has_type(*value, {"time"});
      check_bounds(item, *value, "TIME");
      if (has_options(item)) check_options(item, *value, *value, "time", false);
      return;
    case ItemType::string:
      has_type(*value, {"string"});
      if (value->has_value()) check_string(item, *value);
      return;
    case ItemType::text:
      has_type(*value, {"string"});
      return;
    case ItemType::url:
      has_type(*value, {"uri"});
      return;
    case ItemType::attachment:
      has_type(*value, {"Attachment"});
      check_attachment(item, answer, *value);
      return;
    case ItemType::reference:
      if (has_type(*value, {"Reference"})) check_reference(item, *value);
      return;
    case ItemType::quantity:
      if (has_type(*value, {"Quantity"})) check_quantity(item, *value);
      return;
    case ItemType::choice:
    case ItemType::open_choice:
      check_choice(item, answer, *value, count);
      return;
    case ItemType::none:
    case ItemType::group:
    case ItemType::display:
      return;
  }
}

bool Answers::has_type(const Node& value, Types types) {
  const std::string_view type = context_.document().text(value.type());
  if (std::find(types.begin(), types.end(), type) != types.end()) return true;
  std::string allowed;
  for (const std::string_view at : types) {
    if (!allowed.empty()) allowed += ", ";
    allowed += at;
  }
  error(types.size() == 1 ? "Questionnaire_QR_Item_WrongType_one"
                          : "Questionnaire_QR_Item_WrongType_other",
        value, "Answer value must be of the type " + allowed + " not " + std::string(type));
  return false;
}

// ---- bounds
// --------------------------------------------------------------------------------------

void Answers::check_bounds(const Item& item, const Node& value, std::string_view kind) {
  struct Ids {
    std::string_view kind, min, max, failed, type;
  };
  static constexpr Ids kIds[] = {
      {"DECIMAL", "QUESTIONNAIRE_QR_ITEM_DECIMAL_MIN", "QUESTIONNAIRE_QR_ITEM_DECIMAL_MAX",
       "QUESTIONNAIRE_QR_ITEM_DECIMAL_VALUE_EXCEPTION", "decimal"},
      {"INTEGER", "QUESTIONNAIRE_QR_ITEM_INTEGER_MIN", "QUESTIONNAIRE_QR_ITEM_INTEGER_MAX",
       "QUESTIONNAIRE_QR_ITEM_INTEGER_VALUE_EXCEPTION", "integer"},
      {"DATE", "QUESTIONNAIRE_QR_ITEM_DATE_MIN", "QUESTIONNAIRE_QR_ITEM_DATE_MAX",
       "QUESTIONNAIRE_QR_ITEM_DATE_VALUE_EXCEPTION", "dateTime"},
      {"TIME", "QUESTIONNAIRE_QR_ITEM_TIME_MIN", "QUESTIONNAIRE_QR_ITEM_TIME_MAX",
       "QUESTIONNAIRE_QR_ITEM_TIME_VALUE_EXCEPTION", "time"},
  };
  const Ids& ids = *std::find_if(std::begin(kIds), std::end(kIds),
                                 [&](const Ids& at) { return at.kind == kind; });
  for (const bool is_min : {true, false}) {
    const Node* bound =
        extension_value(form_.document(), *item.node, is_min ? kMinValue : kMaxValue, names_);
    if (bound == nullptr) continue;
    const auto order = compare(ids.type, value.text(), bound->text());
    if (!order) {
      return error(ids.failed, value, "An error occurred checking the value");
    }
    if (is_min ? *order >= 0 : *order <= 0) continue;
    error(is_min ? ids.min : ids.max, value,
          std::string("The value is ") + (is_min ? "less" : "greater") + " than the allowed " +
              (is_min ? "minimum" : "maximum"));
  }
}

void Answers::check_decimal_places(const Item& item, const Node& value, std::string_view number) {
  const auto most = extension_integer(form_.document(), *item.node, kMaxDecimals, names_);
  if (!most) return;
  const std::size_t point = number.rfind('.');
  const auto places = point == std::string_view::npos
                          ? std::int64_t{0}
                          : static_cast<std::int64_t>(number.size() - point - 1);
  if (places <= *most) return;
  error("QUESTIONNAIRE_QR_ITEM_DECIMAL_MAX_DECIMALS", value,
        "The value has too many decimal places (limit = " + std::to_string(*most) + ")");
}

void Answers::check_string(const Item& item, const Node& value) {
  const std::string_view text = value.text();
  const auto least = extension_integer(form_.document(), *item.node, kMinLength, names_);
  if (least && length_of(text) < *least) {
    error("QUESTIONNAIRE_QR_ITEM_STRING_MIN_LENGTH", value,
          "The answer is shorter then the required minimum length of " + std::to_string(*least));
  }
  const std::string_view longest = value_of(*item.node, names_.max_length);
  std::int64_t most = 0;
  if (!longest.empty() &&
      std::from_chars(longest.data(), longest.data() + longest.size(), most).ec == std::errc{} &&
      most >= 0 && length_of(text) > most) {
    error("QUESTIONNAIRE_QR_ITEM_STRING_MAX_LENGTH", value,
          "The answer is longer then the allowed maximum length of " + std::to_string(most));
  }
  check_pattern(item, value);
  if (text.find_first_of("\r\n") != std::string_view::npos) {
    context_.warning("QUESTIONNAIRE_QR_ITEM_STRING_ILLEGAL_CHARS", "invariant", value,
                     "The answer should not contain new line characters");
  }
  const std::string_view set = value_of(*item.node, names_.answer_value_set);
  if (!set.empty() && context_.terminology() != nullptr) check_string_in_set(set, value);
  if (has_options(item)) check_options(item, value, value, "string", false);
}

void Answers::check_pattern(const Item& item, const Node& value) {
  const Node* regex = extension_value(form_.document(), *item.node, kRegex, names_);
  if (regex == nullptr || !regex->has_value()) return;
  auto known = patterns_.find(regex);
  if (known == patterns_.end()) {
    auto compiled = path::TextPattern::compile(regex->text());
    if (!compiled) {
      context_.warning("REGEX_MATCH_TIMED_OUT", "exception", value,
                       "The regular expression of the questionnaire cannot be used");
      return;
    }
    known = patterns_.emplace(regex, *std::move(compiled)).first;
  }
  if (known->second.matches_whole(value.text())) return;
  const bool has_format =
      extension_value(form_.document(), *item.node, kEntryFormat, names_) != nullptr;
  error(has_format ? "QUESTIONNAIRE_QR_ITEM_STRING_REGEX_EF" : "QUESTIONNAIRE_QR_ITEM_STRING_REGEX",
        value,
        has_format ? "The answer does not conform to the expected format"
                   : "The answer does not conform to the required regex");
}

// ---- attachments and references
// ------------------------------------------------------------------

void Answers::check_attachment(const Item& item, const Node& answer, const Node& value) {
  const auto required = [&](std::string_view id, std::string text) {
    context_.error(id, "required", answer, std::move(text));
  };
  const auto allowed = extension_values(form_.document(), *item.node, kMimeType, names_);
  if (!allowed.empty()) {
    const std::string_view type = value_of(value, names_.content_type);
    const bool fits = std::any_of(allowed.begin(), allowed.end(),
                                  [&](const Node* at) { return type.starts_with(at->text()); });
    if (type.empty()) {
      required("QUESTIONNAIRE_QR_ITEM_NOT_ATTACHMENT_MIMETYPE",
               "A mime type is required for this answer");
    } else if (!fits) {
      required("QUESTIONNAIRE_QR_ITEM_BAD_ATTACHMENT_MIMETYPE",
               "The mime type is not valid for this answer");
    }
  }
  const Node* most = extension_value(form_.document(), *item.node, kMaxSize, names_);
  const std::string_view data = value_of(value, names_.data);
  if (most == nullptr || data.empty()) return;
  const auto limit = Decimal::parse(most->text());
  const auto bytes = base64_decode(data);
  if (!limit || !bytes || !(Decimal(0) < *limit)) return;
  if (Decimal(static_cast<std::int64_t>(bytes->size())) < *limit) return;
  required("QUESTIONNAIRE_QR_ITEM_BAD_ATTACHMENT_LENGTH",
           "The attachment is too large (found = " + std::to_string(bytes->size()) + ")");
}

void Answers::check_reference(const Item& item, const Node& value) {
  const std::string_view reference = value_of(value, names_.reference);
  if (reference.empty() || reference.starts_with('#') ||
      !context_.options().assume_valid_rest_references) {
    return;
  }
  const std::string_view type = type_of_reference(split_reference(reference).plain);
  const auto allowed = extension_values(form_.document(), *item.node, kResource, names_);
  if (allowed.empty()) {
    const definitions::Type* known = type.empty() ? nullptr : context_.definitions().type(type);
    if (type.empty() || (known != nullptr && known->is_resource())) return;
    return error("QUESTIONNAIRE_QR_ITEM_REF_INVALID_GENERAL", value,
                 "The resource type in the reference is not valid");
  }
  if (type.empty()) {
    return error("QUESTIONNAIRE_QR_ITEM_REF_CANT", value,
                 "Unable to determine the resource type, so the resource type can't be checked");
  }
  std::string names;
  for (const Node* at : allowed) {
    if (at->text() == type) return;
    if (!names.empty()) names += ",";
    names += at->text();
  }
  error("QUESTIONNAIRE_QR_ITEM_REF_INVALID", value,
        "The resource type in the reference is not allowed (allowed = " + names + ")");
}

// ---- quantities
// ----------------------------------------------------------------------------------

void Answers::check_quantity(const Item& item, const Node& value) {
  if (const Node* bound = extension_value(form_.document(), *item.node, kMinQuantity, names_)) {
    check_quantity_bound(value, *bound, true);
  }
  if (const Node* bound = extension_value(form_.document(), *item.node, kMaxQuantity, names_)) {
    check_quantity_bound(value, *bound, false);
  }
  check_decimal_places(item, value, value_of(value, names_.value));
  check_units(item, value);
}

void Answers::check_quantity_bound(const Node& value, const Node& bound, bool is_min) {
  const std::string which = is_min ? "minimum" : "maximum";
  const std::string_view system = value_of(value, names_.system);
  const std::string_view code = value_of(value, names_.code);
  const std::string_view other_system = value_of(bound, names_.system);
  const std::string_view other_code = value_of(bound, names_.code);
  if (system.empty() || code.empty() || other_system.empty() || other_code.empty()) {
    return error(is_min ? "QUESTIONNAIRE_QR_ITEM_DECIMAL_CANNOT_COMPARE_MIN_UNITS"
                        : "QUESTIONNAIRE_QR_ITEM_DECIMAL_CANNOT_COMPARE_MAX_UNITS",
                 value,
                 "The quantity cannot be compared to the allowed " + which +
                     " because no formal units are specified");
  }
  const auto number = Decimal::parse(value_of(value, names_.value));
  const auto limit = Decimal::parse(value_of(bound, names_.value));
  std::optional<Decimal> told;  // the answer in the unit of the bound
  if (number && limit) {
    if (system == other_system && code == other_code) {
      told = *number;
    } else if (system == kUcum && other_system == kUcum) {
      told = path::convert_unit(*number, code, other_code);
    }
  }
  if (!told) {
    return error(is_min ? "QUESTIONNAIRE_QR_ITEM_DECIMAL_CANNOT_COMPARE_MIN"
                        : "QUESTIONNAIRE_QR_ITEM_DECIMAL_CANNOT_COMPARE_MAX",
                 value, "The quantity cannot be compared to the allowed " + which);
  }
  if (is_min ? *told >= *limit : *told <= *limit) return;
  error(is_min ? "QUESTIONNAIRE_QR_ITEM_QUANTITY_MIN" : "QUESTIONNAIRE_QR_ITEM_QUANTITY_MAX", value,
        std::string("The quantity is ") + (is_min ? "less" : "greater") + " than the allowed " +
            which);
}

void Answers::check_units(const Item& item, const Node& value) {
  const std::string_view system = value_of(value, names_.system);
  const std::string_view code = value_of(value, names_.code);
  const std::string_view unit = value_of(value, names_.unit);
  const auto options = extension_values(form_.document(), *item.node, kUnitOption, names_);
  if (!options.empty()) {
    const auto fits = [](std::string_view wanted, std::string_view found) {
      return wanted.empty() || wanted == found;
    };
    const bool allowed = std::any_of(options.begin(), options.end(), [&](const Node* at) {
      return fits(value_of(*at, names_.system), system) && fits(value_of(*at, names_.code), code) &&
             fits(value_of(*at, names_.display), unit);
    });
    if (!allowed) {
      error("QUESTIONNAIRE_QR_ITEM_DECIMAL_INVALID_UNITS", value,
            "The value has a unit that is not valid");
    }
  }
  const Node* set = extension_value(form_.document(), *item.node, kUnitSet, names_);
  if (set == nullptr || context_.terminology() == nullptr) return;
  check_unit_in_set(set->text(), system, code, value);
}

// ---- options
// -------------------------------------------------------------------------------------

void Answers::check_options(const Item& item, const Node& value, const Node& at,
                            std::string_view type, bool open) {
  struct Ids {
    std::string_view type, none, unknown;
  };
  static constexpr Ids kIds[] = {
      {"decimal", "QUESTIONNAIRE_QR_ITEM_NOOPTIONSDECIMAL", "QUESTIONNAIRE_QR_ITEM_NODECIMAL"},
      {"integer", "Questionnaire_QR_Item_NoOptionsInteger", "Questionnaire_QR_Item_NoInteger"},
      {"date", "Questionnaire_QR_Item_NoOptionsDate", "Questionnaire_QR_Item_NoDate"},
      {"time", "Questionnaire_QR_Item_NoOptionsTime", "Questionnaire_QR_Item_NoTime"},
      {"string", "Questionnaire_QR_Item_NoOptionsString", "Questionnaire_QR_Item_NoString"},
  };
  const Ids& ids = *std::find_if(std::begin(kIds), std::end(kIds),
                                 [&](const Ids& row) { return row.type == type; });
  bool any = false;
  const Node* option = item.node->child(names_.answer_option);
  for (; option != nullptr; option = option->next_same()) {
    const Node* offered = value_child(form_.document(), *option);
    if (offered == nullptr || !offered->has_value()) continue;
    const std::string_view kind = form_.document().text(offered->type());
    if (kind != type && !(type == "decimal" && kind == "integer")) continue;
    any = true;
    if (offered->text() == value.text()) return;
  }
  if (!any && !open) {
    return error(ids.none, at, "Option list has no option values of type " + std::string(type));
  }
  error(ids.unknown, at,
        "The " + std::string(type) + " value is not in the set of permitted values");
}

void Answers::check_choice(const Item& item, const Node& answer, const Node& value,
                           std::size_t count) {
  if (!has_type(value, {"Coding", "date", "time", "integer", "string"})) return;
  const std::string_view type = context_.document().text(value.type());
  if (type == "Coding") {
    if (has_options(item)) return check_coding_option(item, answer, value, count);
    if (!value_of(*item.node, names_.answer_value_set).empty()) {
      return check_coding_in_set(item, answer, value);
    }
    context_.information("Questionnaire_QR_Item_NoOptions", "invariant", answer,
                         "Cannot validate options because no option or options are provided");
    return;
  }
  if (!has_options(item)) {
    context_.information("Questionnaire_QR_Item_NoOptions", "invariant", answer,
                         "Cannot validate the answer because no option list is provided");
    return;
  }
  if (type != "string" || item.type != ItemType::open_choice) {
    return check_options(item, value, answer, type, item.type == ItemType::open_choice);
  }
  // Any text will do, but one that is the name of an option was not meant as text.
  const auto same = [](std::string_view a, std::string_view b) {
    return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
      const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      };
      return lower(x) == lower(y);
    });
  };
  const Node* option = item.node->child(names_.answer_option);
  for (; option != nullptr; option = option->next_same()) {
    const Node* offered = value_child(form_.document(), *option);
    if (offered == nullptr || form_.document().text(offered->type()) != "Coding") continue;
    if (same(value_of(*offered, names_.display), value.text()) ||
        same(value_of(*offered, names_.code), value.text())) {
      context_.warning("QUESTIONNAIRE_QR_ITEM_STRING_IN_CODING", "invariant", answer,
                       "The string value matches an entry in the list of valid Codings, so this "
                       "is probably an error");
      return;
    }
  }
}

void Answers::check_coding_option(const Item& item, const Node& answer, const Node& value,
                                  std::size_t count) {
  constexpr std::string_view kExclusive =
      "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive";
  bool any = false;
  const Node* option = item.node->child(names_.answer_option);
  for (; option != nullptr; option = option->next_same()) {
    const Node* offered = value_child(form_.document(), *option);
    if (offered == nullptr || form_.document().text(offered->type()) != "Coding") continue;
    any = true;
    if (value_of(*offered, names_.system) != value_of(value, names_.system) ||
        value_of(*offered, names_.code) != value_of(value, names_.code)) {
      continue;
    }
    const Node* exclusive = extension_value(form_.document(), *option, kExclusive, names_);
    if (exclusive != nullptr && exclusive->text() == "true" && count != 1) {
      error("QUESTIONNAIRE_QR_ITEM_EXCLUSIVE", answer,
            "Selected answer is an exclusive option - can't select anything else at the same "
            "time");
    }
    return;
  }
  if (!any) {
    return error("Questionnaire_QR_Item_NoOptionsCoding", answer,
                 "Option list has no option values of type coding");
  }
  error("Questionnaire_QR_Item_NoCoding", answer, "The code is not in the set of permitted values");
}

}  // namespace concord::validate::questionnaire
