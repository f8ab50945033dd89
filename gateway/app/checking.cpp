#include "gateway/app/checking.h"

#include <iterator>

namespace concord::app {

Result<std::unique_ptr<Checking>> Checking::load(const definitions::Definitions& definitions,
                                                 const CheckingSources& sources) {
  std::unique_ptr<Checking> made(new Checking(definitions));
  packages::AddOptions options;
  options.folders = sources.folders;
  options.cache = sources.cache;
  for (const auto* list : {&sources.packages, &sources.definitions}) {
    for (const std::string& what : *list) {
      auto loaded = made->registry_.add(what, options);
      if (!loaded) {
        Error error = std::move(loaded).error();
        for (Issue& issue : error.issues) issue.text = what + ": " + issue.text;
        return error;
      }
      std::move(loaded->warnings.begin(), loaded->warnings.end(),
                std::back_inserter(made->warnings_));
    }
  }
  made->validator_ = std::make_unique<validate::Validator>(validate::Validator::compile(
      validate::Parts{&definitions, &made->registry_, &made->profiles_, &made->terminology_}));
  return made;
}

}  // namespace concord::app
