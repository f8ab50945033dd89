#include "fhir/search/detail/shape.h"

#include <array>
#include <utility>

namespace concord::search::detail {

namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 9> kKinds{{
    {"token", Kind::token},
    {"string", Kind::string},
    {"date", Kind::date},
    {"number", Kind::number},
    {"quantity", Kind::quantity},
    {"reference", Kind::reference},
    {"uri", Kind::uri},
    {"composite", Kind::composite},
    {"special", Kind::special},
}};

// A type not listed is indexed as the nearest one it is derived from.
constexpr std::pair<std::string_view, Shape> kShapes[] = {
    {"boolean", Shape::boolean},
    {"code", Shape::code},
    {"string", Shape::text},
    {"canonical", Shape::canonical},
    {"uri", Shape::uri},
    {"decimal", Shape::number},
    {"integer", Shape::number},
    {"Coding", Shape::coding},
    {"CodeableConcept", Shape::concept_},
    {"Identifier", Shape::identifier},
    {"ContactPoint", Shape::contact},
    {"HumanName", Shape::name},
    {"Address", Shape::address},
    {"date", Shape::time},
    {"dateTime", Shape::time},
    {"instant", Shape::time},
    {"Period", Shape::period},
    {"Timing", Shape::timing},
    {"Quantity", Shape::quantity},
    {"Money", Shape::money},
    {"Range", Shape::range},
    {"Reference", Shape::reference},
    {"Resource", Shape::resource},
    {"Location.position", Shape::position},
};

template <typename... S>
constexpr ShapeSet set_of(S... shapes) {
  return (bit(shapes) | ...);
}

// By Kind.
constexpr std::array<ShapeSet, 9> kFits{
    set_of(Shape::boolean, Shape::code, Shape::text, Shape::uri, Shape::canonical, Shape::number,
           Shape::coding, Shape::concept_, Shape::identifier, Shape::contact),
    set_of(Shape::code, Shape::text, Shape::uri, Shape::name, Shape::address),
    set_of(Shape::time, Shape::period, Shape::timing),
    set_of(Shape::number, Shape::range),
    set_of(Shape::quantity, Shape::money, Shape::range),
    set_of(Shape::reference, Shape::canonical, Shape::uri, Shape::resource),
    set_of(Shape::uri, Shape::canonical, Shape::text),
    0,
    set_of(Shape::position),
};

}  // namespace

std::optional<Kind> kind_of(std::string_view type) noexcept {
  for (const auto& [name, kind] : kKinds) {
    if (name == type) return kind;
  }
  return std::nullopt;
}

std::string_view kind_name(Kind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)].first;
}

IndexKind index_kind(Kind kind) noexcept {
  switch (kind) {
    case Kind::string:
    case Kind::uri:
      return IndexKind::text;
    case Kind::date:
      return IndexKind::period;
    case Kind::number:
    case Kind::quantity:
    case Kind::special:  // coordinates
      return IndexKind::number;
    case Kind::reference:
      return IndexKind::link;
    default:
      return IndexKind::token;
  }
}

Shape shape_of(const definitions::Type& type) noexcept {
  for (const definitions::Type* at = &type; at != nullptr; at = at->base()) {
    for (const auto& [name, shape] : kShapes) {
      if (name == at->text()) return shape;
    }
  }
  return Shape::nothing;
}

bool fits(Kind kind, Shape shape) noexcept {
  return has(kFits[static_cast<std::size_t>(kind)], shape);
}

}  // namespace concord::search::detail
