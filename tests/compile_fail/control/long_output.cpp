// expect: one error with a long tail
#ifndef CORRECTED
#warning 1
#warning 2
#warning 3
#warning 4
#warning 5
#warning 6
#warning 7
static_assert(sizeof(int) == 0, "one error with a long tail");
#endif
