// SPDX-License-Identifier: MIT
// A user's program that links the component fmt.
#include <tenax/fmt.hpp>

int main() {}
