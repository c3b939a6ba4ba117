// expect: tenax: the predicate given to .when() can never apply to what this callable returns; it looks at a value or an error of another type
// SPDX-License-Identifier: MIT
// status_for_another_result.cpp: a predicate for responses, with a callable that does not return a response.
#include <tenax/http/when.hpp>
#include <tenax/retrying.hpp>

#include <map>
#include <string>

struct response {
  long status_code = 200;
  std::map<std::string, std::string> header{};
  std::string text{};
};

response get();
std::string get_body();

#ifdef CORRECTED
response const r = tenax::retrying{}.when(tenax::when::transient)(get);
#else
std::string const r = tenax::retrying{}.when(tenax::when::transient)(get_body);
#endif
