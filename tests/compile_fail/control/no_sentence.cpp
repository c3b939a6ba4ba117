static_assert(sizeof(int) == 0, "the mistake");
