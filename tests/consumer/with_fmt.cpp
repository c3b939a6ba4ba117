// SPDX-License-Identifier: MIT
// A user's program that links tenax's component fmt.
#include <tenax/fmt.hpp>

int main() {}
