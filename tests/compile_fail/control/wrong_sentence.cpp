// expect: what the user did wrong
#ifndef CORRECTED
static_assert(sizeof(int) == 0, "something else");
#endif
