int main() {
  // [one]
  int a = 1;

    int b = 2;
  // [/one]
  // [two]
  return 0;
  // [/two]
}
